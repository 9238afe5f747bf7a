from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from uuid import UUID

import numpy as np
from django.db import connection

from monitoring_service.devices.models import Plant
from monitoring_service.devices.selection import choose
from monitoring_service.hours.energy import SECOND, Floats, Ints
from monitoring_service.hours.rows import array
from monitoring_service.series.models import Series
from service_kit.auth import Caller


@dataclass(frozen=True)
class KnownValue:
    """What is known of an hour: `issued_at` is None for a measured value."""

    start: datetime
    value: float
    issued_at: datetime | None


def zone_name_of_seen_plant(caller: Caller, plant_id: UUID) -> str:
    """Raises NotFound for a plant without a device that the caller may see."""
    choose(caller, plant_id=plant_id)
    return str(Plant.live.values_list("timezone", flat=True).get(pk=plant_id))


def values_between(
    *, plant_id: UUID, name: str, start: datetime, end: datetime, as_of: datetime | None
) -> list[KnownValue]:
    """The best known value of each hour that has one: the measured one, else the newest forecast's.

    `as_of`: as it was known then, so without what was measured or forecast later.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (start) start, value, issued_at FROM series_seriesvalue
               WHERE plant_id = %(plant)s AND name = %(name)s AND start >= %(start)s AND start < %(end)s
                 AND (%(as_of)s::timestamptz IS NULL
                      OR CASE WHEN issued_at IS NULL THEN start + interval '1 hour' <= %(as_of)s
                              ELSE issued_at <= %(as_of)s END)
               ORDER BY start, issued_at DESC NULLS FIRST""",
            {"plant": str(plant_id), "name": name, "start": start, "end": end, "as_of": as_of},
        )
        return [KnownValue(*row) for row in cursor.fetchall()]


def hourly_values(series: Sequence[Series], *, begin_us: int, end_us: int) -> dict[UUID, tuple[Ints, Floats]]:
    """By plant: the hours' starts (microseconds since 1970, ascending) and the best known value of each that has one.

    `series` are of one name, one a plant.
    """
    if not series:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (plant_id, start) plant_id, (extract(epoch FROM start) * 1000000)::int8, value
               FROM series_seriesvalue
               WHERE plant_id = ANY(%s::uuid[]) AND name = %s AND start >= to_timestamp(%s) AND start < to_timestamp(%s)
               ORDER BY plant_id, start, issued_at DESC NULLS FIRST""",
            [array(one.plant_id for one in series), series[0].name, begin_us // SECOND, end_us // SECOND],
        )
        rows = cursor.fetchall()
    found = {}
    for plant_id, of_plant in groupby(rows, key=itemgetter(0)):
        starts, values = zip(*(row[1:] for row in of_plant), strict=True)
        found[plant_id] = np.array(starts, dtype=np.int64), np.array(values, dtype=np.float64)
    return found


def best_values(*, plant_id: UUID, name: str, starts: Sequence[datetime] | None = None) -> list[KnownValue]:
    """The best known value of these hours, or of all that have one, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT DISTINCT ON (start) start, value, issued_at FROM series_seriesvalue
               WHERE plant_id = %(plant)s AND name = %(name)s
                 AND (%(starts)s::timestamptz[] IS NULL OR start = ANY(%(starts)s))
               ORDER BY start, issued_at DESC NULLS FIRST""",
            {"plant": str(plant_id), "name": name, "starts": list(starts) if starts is not None else None},
        )
        return [KnownValue(*row) for row in cursor.fetchall()]
