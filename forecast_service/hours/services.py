"""The hours of all devices, as monitoring_service tells them. Called inside the consumer's transaction."""

import math
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from service_kit.events import HourState, InvalidEvent

# Each column as one array: a thousand hours are one statement.
UPSERT = """
INSERT INTO hours_hour (device_id, start, kwh, readings, expected, quality, version)
SELECT * FROM unnest(%s::uuid[], %s::timestamptz[], %s::float8[], %s::int[], %s::float8[], %s::text[], %s::bigint[])
ON CONFLICT (device_id, start) DO UPDATE SET
    kwh = EXCLUDED.kwh, readings = EXCLUDED.readings, expected = EXCLUDED.expected,
    quality = EXCLUDED.quality, version = EXCLUDED.version
WHERE hours_hour.version < EXCLUDED.version
RETURNING device_id, start
"""
# An hour that has not begun yet (a meter's clock that runs ahead) is no history.
EXTEND = """
INSERT INTO hours_series (device_id, until, revision, planned_revision)
SELECT touched.device_id, complete.until, CASE WHEN touched.earliest < complete.until THEN 1 ELSE 0 END, 0
FROM unnest(%s::uuid[], %s::timestamptz[]) AS touched (device_id, earliest)
LEFT JOIN LATERAL (
    SELECT start + interval '1 hour' AS until FROM hours_hour
    WHERE device_id = touched.device_id AND kwh IS NOT NULL AND quality NOT IN ('missing', 'partial') AND start <= now()
    ORDER BY start DESC LIMIT 1
) AS complete ON true
ON CONFLICT (device_id) DO UPDATE SET until = EXCLUDED.until, revision = hours_series.revision + EXCLUDED.revision
"""


def keep_hours(*, hours: Iterable[HourState]) -> int:
    """Store the hours whose version is news, the highest version of each; their number.

    Raises InvalidEvent for energy that is not finite or a start that is no full UTC hour.
    """
    newest: dict[tuple[uuid.UUID, datetime], HourState] = {}
    for hour in hours:
        start = hour.start.astimezone(UTC)
        if start != start.replace(minute=0, second=0, microsecond=0):
            raise InvalidEvent(f"start {hour.start.isoformat()} of device {hour.device_id} is not a full UTC hour")
        if hour.kwh is not None and not math.isfinite(hour.kwh):
            raise InvalidEvent(f"kwh {hour.kwh} of device {hour.device_id} at {hour.start.isoformat()} is not finite")
        known = newest.get((hour.device_id, start))
        if known is None or known.version < hour.version:
            newest[hour.device_id, start] = hour
    if not newest:
        return 0
    # Sorted, so that two writers lock the rows in the same order.
    ordered = [newest[key] for key in sorted(newest)]
    columns: list[list[Any]] = [
        [str(hour.device_id) for hour in ordered],
        [hour.start for hour in ordered],
        [hour.kwh for hour in ordered],
        [hour.readings for hour in ordered],
        [hour.expected for hour in ordered],
        [hour.quality for hour in ordered],
        [hour.version for hour in ordered],
    ]
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, columns)
        earliest: dict[uuid.UUID, datetime] = {}
        written = cursor.fetchall()
        for device_id, start in written:
            earliest[device_id] = min(start, earliest.get(device_id, start))
        if earliest:
            devices = sorted(earliest)
            cursor.execute(
                EXTEND,
                [[str(one) for one in devices], [earliest[one] for one in devices]],
            )
    return len(written)
