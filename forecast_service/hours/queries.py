"""Histories as the forecasters want them."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from io import BytesIO

import numpy as np
from django.db import connection
from django.db.models import Sum
from psycopg2 import sql

from forecast_service.forecasters.base import Floats
from forecast_service.hours.models import Hour
from service_kit.versions import Versions, versions_of

# An hour with at least half of its readings is as good as the mean of those; with fewer it is not known.
# Binary COPY: millions of hours arrive as one array and never as Python objects. OFFSET 0 keeps it to each device's key: joined
# freely, a hundred of ten thousand devices are looked for among all hours there are.
VALUES = """
COPY (
SELECT (wanted.row - 1)::int4, (EXTRACT(EPOCH FROM start - {start}) / 3600)::int4,
       (CASE WHEN quality <> 'partial' THEN kwh ELSE kwh * GREATEST(expected / readings, 1) END)::float8
FROM unnest({devices}::uuid[]) WITH ORDINALITY AS wanted (device_id, row), LATERAL (
    SELECT start, kwh, quality, expected, readings FROM hours_hour
    WHERE device_id = wanted.device_id AND start >= {start} AND start < {until} OFFSET 0
) AS hour
WHERE kwh IS NOT NULL AND quality <> 'missing' AND (quality <> 'partial' OR readings * 2 >= expected)
) TO STDOUT (FORMAT binary)
"""
HEADER, TRAILER = 19, 2
ROW = np.dtype(
    [("fields", ">i2"), ("a", ">i4"), ("row", ">i4"), ("b", ">i4"), ("hour", ">i4"), ("c", ">i4"), ("kwh", ">f8")]
)


def versions_by_device() -> Versions:
    """(device, sum of its hours' versions): how far this copy of monitoring_service's hours has come."""
    sums = Hour.objects.values("device_id").annotate(total=Sum("version"))
    return versions_of(sums, key="device_id", version="total")


def values_of(device_ids: Sequence[uuid.UUID], *, until: datetime, hours: int) -> Floats:
    """kWh of the `hours` before `until`: shape (devices, hours), in the order given, NaN where unknown."""
    start = until - timedelta(hours=hours)
    out = np.full((len(device_ids), hours), np.nan)
    copied = BytesIO()
    with connection.cursor() as cursor:
        query = sql.SQL(VALUES).format(
            start=sql.Literal(start), until=sql.Literal(until), devices=sql.Literal([str(one) for one in device_ids])
        )
        cursor.cursor.copy_expert(query, copied)
    rows = np.frombuffer(copied.getbuffer()[HEADER:-TRAILER], ROW)
    out[rows["row"], rows["hour"]] = rows["kwh"]
    return out
