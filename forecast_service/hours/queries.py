"""Histories as the forecasters want them."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import Sum

from forecast_service.forecasters.base import Floats
from forecast_service.hours.models import Hour, Series
from service_kit.versions import Versions, versions_of

# An hour with at least half of its readings is as good as the mean of those; with fewer it is not known.
VALUES = """
SELECT wanted.row - 1, (EXTRACT(EPOCH FROM start - %s) / 3600)::int,
       CASE WHEN quality <> 'partial' THEN kwh
            WHEN readings * 2 >= expected THEN kwh * GREATEST(expected / readings, 1) END
FROM unnest(%s::uuid[]) WITH ORDINALITY AS wanted (device_id, row) JOIN hours_hour USING (device_id)
WHERE start >= %s AND start < %s AND quality <> 'missing' AND kwh IS NOT NULL
"""


def versions_by_device() -> Versions:
    """(device, sum of its hours' versions): how far this copy of monitoring_service's hours has come."""
    sums = Hour.objects.values("device_id").annotate(total=Sum("version"))
    return versions_of(sums, key="device_id", version="total")


def series_of(device_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Series]:
    """By device; one without any complete hour is not in it."""
    return {row.device_id: row for row in Series.objects.filter(pk__in=device_ids, until__isnull=False)}


def values_of(device_ids: Sequence[uuid.UUID], *, until: datetime, hours: int) -> Floats:
    """kWh of the `hours` before `until`: shape (devices, hours), in the order given, NaN where unknown."""
    start = until - timedelta(hours=hours)
    out = np.full((len(device_ids), hours), np.nan)
    with connection.cursor() as cursor:
        cursor.execute(VALUES, [start, [str(one) for one in device_ids], start, until])
        for row, hour, kwh in cursor.fetchall():
            out[row, hour] = np.nan if kwh is None else kwh
    return out
