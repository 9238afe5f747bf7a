"""The series of plants, as monitoring_service tells them. Called inside the consumer's transaction."""

import math

from django.db import connection

from service_kit.events import InvalidEvent, SeriesUpdated

# Its version goes up by events without a gap between them: where one was lost it stays, for `reconcile` to find.
SERIES = """
INSERT INTO plant_series_plantseries AS known (plant_id, name, unit, version, revision, planned_revision)
VALUES (%(plant)s, %(name)s, %(unit)s, CASE WHEN %(after)s = 0 THEN %(version)s ELSE 0 END, %(news)s, 0)
ON CONFLICT (plant_id, name) DO UPDATE SET
    unit = CASE WHEN known.version < %(version)s THEN EXCLUDED.unit ELSE known.unit END,
    version = CASE WHEN known.version >= %(after)s THEN greatest(known.version, %(version)s) ELSE known.version END,
    revision = known.revision + %(news)s
"""


def keep_series(*, state: SeriesUpdated, version: int) -> int:
    """Store the hours that are news; their number. Raises InvalidEvent for a value that is not finite."""
    for hour in state.hours:
        if not math.isfinite(hour.value):
            raise InvalidEvent(f"{state.name} {hour.value} of plant {state.plant_id} at {hour.start} is not finite")
    # A batch speaks of an hour once; sorted, so that two writers lock the rows in the same order.
    values = dict(sorted((hour.start, hour.value) for hour in state.hours))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO plant_series_planthour AS known (plant_id, name, start, value, version)
               SELECT %s, %s, start, value, %s FROM unnest(%s::timestamptz[], %s::float8[]) AS told (start, value)
               ON CONFLICT (plant_id, name, start) DO UPDATE SET value = EXCLUDED.value, version = EXCLUDED.version
               WHERE known.version < EXCLUDED.version""",
            [str(state.plant_id), state.name, version, list(values), list(values.values())],
        )
        news = int(cursor.rowcount)
        cursor.execute(SERIES, {"plant": str(state.plant_id), "name": state.name, "unit": state.unit, "version": version,
                                "after": state.after, "news": int(news > 0)})  # fmt: skip
    return news
