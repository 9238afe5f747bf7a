from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F

from monitoring_service.hours.rows import array, floats
from monitoring_service.series.models import Series
from service_kit.errors import Conflict


class OtherUnit(Conflict):
    """The series is measured in another unit."""


@transaction.atomic
def store_series(
    *, plant_id: UUID, name: str, unit: str, issued_at: datetime | None, values: Sequence[tuple[datetime, float]]
) -> int:
    """Write the values of hours, measured ones or a forecast's; how many are new or other than before. Raises OtherUnit.

    Of several values for an hour the last one stays.
    """
    series, _ = Series.objects.get_or_create(plant_id=plant_id, name=name, defaults={"unit": unit})
    if series.unit != unit:
        raise OtherUnit(f"{name} of this plant is measured in {series.unit}, not in {unit}: convert the values.")
    newest = dict(values)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO series_seriesvalue AS s (plant_id, name, start, issued_at, value)
               SELECT %s, %s, i.start, %s, i.value FROM unnest(%s::timestamptz[], %s::float8[]) AS i (start, value)
               ORDER BY i.start
               ON CONFLICT (plant_id, name, start, issued_at) DO UPDATE SET value = EXCLUDED.value
               WHERE s.value <> EXCLUDED.value""",
            [
                str(plant_id),
                name,
                issued_at,
                array(f'"{start.isoformat()}"' for start in newest),
                floats(newest.values()),
            ],
        )
        changed = int(cursor.rowcount)
    if changed:
        Series.objects.filter(plant_id=plant_id, name=name).update(changes=F("changes") + 1)
    return changed
