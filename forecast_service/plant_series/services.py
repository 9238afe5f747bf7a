"""The series of plants, as monitoring_service tells them. Called inside the consumer's transaction."""

import math

from django.db import connection

from service_kit.events import InvalidEvent, SeriesUpdated


def keep_series(*, state: SeriesUpdated, version: int) -> int:
    """Store the hours that are news; their number. Raises InvalidEvent for a value that is not finite."""
    for hour in state.hours:
        if not math.isfinite(hour.value):
            raise InvalidEvent(f"{state.name} {hour.value} of plant {state.plant_id} at {hour.start} is not finite")
    # A batch speaks of an hour once; sorted, so that two writers lock the rows in the same order.
    values = dict(sorted((hour.start, hour.value) for hour in state.hours))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO plant_series_plantseries AS known (plant_id, name, unit, version) VALUES (%s, %s, %s, %s)
               ON CONFLICT (plant_id, name) DO UPDATE SET unit = EXCLUDED.unit, version = EXCLUDED.version
               WHERE known.version < EXCLUDED.version""",
            [str(state.plant_id), state.name, state.unit, version],
        )
        cursor.execute(
            """INSERT INTO plant_series_planthour AS known (plant_id, name, start, value, version)
               SELECT %s, %s, start, value, %s FROM unnest(%s::timestamptz[], %s::float8[]) AS told (start, value)
               ON CONFLICT (plant_id, name, start) DO UPDATE SET value = EXCLUDED.value, version = EXCLUDED.version
               WHERE known.version < EXCLUDED.version""",
            [str(state.plant_id), state.name, version, list(values), list(values.values())],
        )
        return int(cursor.rowcount)
