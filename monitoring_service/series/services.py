from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from monitoring_service.hours.rows import array, floats
from monitoring_service.series.queries import best_values
from service_kit.errors import Conflict
from service_kit.events import SeriesHour, SeriesUpdated
from service_kit.outbox import publish_all

HOURS_AN_EVENT = 1_000


class OtherUnit(Conflict):
    """The series is measured in another unit."""


@transaction.atomic
def store_series(
    *, plant_id: UUID, name: str, unit: str, issued_at: datetime | None, values: Sequence[tuple[datetime, float]]
) -> int:
    """Write the values of hours, measured ones or a forecast's; how many are new or other than before. Raises OtherUnit.

    Of several values for an hour the last one stays.
    """
    with connection.cursor() as cursor:
        # Locks the row: a second writer of the series waits, so that its version and its event come after this one's.
        cursor.execute(
            """INSERT INTO series_series (plant_id, name, unit) VALUES (%s, %s, %s)
               ON CONFLICT (plant_id, name) DO UPDATE SET name = EXCLUDED.name RETURNING unit""",
            [str(plant_id), name, unit],
        )
        (known_unit,) = cursor.fetchone()
        if known_unit != unit:
            raise OtherUnit(f"{name} of this plant is measured in {known_unit}, not in {unit}: convert the values.")
        newest = dict(values)
        cursor.execute(
            """INSERT INTO series_seriesvalue AS s (plant_id, name, start, issued_at, value)
               SELECT %s, %s, i.start, %s, i.value FROM unnest(%s::timestamptz[], %s::float8[]) AS i (start, value)
               ORDER BY i.start
               ON CONFLICT (plant_id, name, start, issued_at) DO UPDATE SET value = EXCLUDED.value
               WHERE s.value <> EXCLUDED.value
               RETURNING start""",
            [
                str(plant_id),
                name,
                issued_at,
                array(f'"{start.isoformat()}"' for start in newest),
                floats(newest.values()),
            ],
        )
        changed = [start for (start,) in cursor.fetchall()]
        if changed:
            tell_hours(plant_id=plant_id, name=name, unit=unit, starts=changed)
    return len(changed)


def tell_hours(*, plant_id: UUID, name: str, unit: str, starts: Sequence[datetime] | None = None) -> None:
    """Publish what is known of these hours, or of all, HOURS_AN_EVENT at a time; within the transaction that locks the series.

    Each batch has a version of its own and names the one that it follows, so that a copy knows whether it lacks one; what is
    told of all hours follows nothing.
    """
    known = best_values(plant_id=plant_id, name=name, starts=starts)
    batches = [known[first : first + HOURS_AN_EVENT] for first in range(0, len(known), HOURS_AN_EVENT)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE series_series SET changes = changes + %s WHERE plant_id = %s AND name = %s RETURNING changes",
            [len(batches), str(plant_id), name],
        )
        (newest,) = cursor.fetchone()
    oldest = newest - len(batches) + 1
    publish_all(
        (
            SeriesUpdated(
                plant_id=plant_id,
                name=name,
                unit=unit,
                hours=[SeriesHour(start=one.start, value=one.value) for one in batch],
                after=0 if starts is None and version == oldest else version - 1,
            ),
            version,
        )
        for version, batch in enumerate(batches, start=oldest)
    )
