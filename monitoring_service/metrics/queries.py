"""Named values of a device over time: its energy, its power and whatever else it sends, such as a voltage."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from monitoring_service.devices.selection import Chosen
from monitoring_service.hours.calendar import Resolution, local_texts
from monitoring_service.hours.energy import HOUR, SECOND, Floats, Ints, Quality, expected_readings
from monitoring_service.hours.queries import QUALITY_NAMES, EnergyQuestion
from monitoring_service.hours.rows import fetch_columns, floats
from service_kit.auth import Caller

ENERGY, POWER = "energy", "power"
NAMES_AT_MOST = 200


@dataclass(frozen=True)
class MetricSeries:
    """Entries of a metric, columns of equal length; NaN where nothing is known. `low`, `high`: of the single readings."""

    metric: str
    unit: str
    start: Ints
    value: Floats
    low: Floats
    high: Floats
    readings: Ints
    expected: Floats
    quality: Ints
    zone: ZoneInfo

    def shown(self) -> dict[str, Any]:
        """The series as the API gives it."""
        columns = [_or_none(column) for column in (self.value, self.low, self.high, self.expected)]
        names = ("start", "value", "min", "max", "expected", "readings", "quality")
        rows = zip(
            local_texts(self.start, self.zone),
            *columns,
            self.readings.tolist(),
            [QUALITY_NAMES[quality] for quality in self.quality.tolist()],
            strict=True,
        )
        return {"metric": self.metric, "unit": self.unit, "data": [dict(zip(names, row, strict=True)) for row in rows]}


@dataclass(frozen=True)
class SentMetric:
    """A metric that a device has sent, with the unit and the instant of its newest value."""

    metric: str
    unit: str
    last_at: datetime


def sent_metrics(caller: Caller, device_id: UUID) -> list[SentMetric]:
    """The names that a device has sent values for, as far as the caller may see them, by name."""
    seen, parameters = _seen(caller)
    with connection.cursor() as cursor:
        # From name to name by the index: a device sends few names, and each of them a hundred thousand times.
        cursor.execute(
            f"""WITH RECURSIVE names (name) AS (
                    (SELECT name FROM readings_metricreading WHERE device_id = %s ORDER BY name LIMIT 1)
                    UNION ALL
                    SELECT (SELECT r.name FROM readings_metricreading r WHERE r.device_id = %s AND r.name > names.name
                            ORDER BY r.name LIMIT 1)
                    FROM names WHERE names.name IS NOT NULL)
                SELECT n.name, newest.unit, newest.at FROM names n, LATERAL (
                    SELECT r.unit, r.at FROM readings_metricreading r WHERE r.device_id = %s AND r.name = n.name {seen}
                    ORDER BY r.at DESC LIMIT 1) newest
                WHERE n.name IS NOT NULL ORDER BY n.name LIMIT {NAMES_AT_MOST}""",
            [str(device_id)] * 3 + parameters,
        )
        return [SentMetric(*row) for row in cursor.fetchall()]


def metric_series(
    *,
    caller: Caller,
    device: Chosen,
    metrics: Sequence[SentMetric],
    start_us: int,
    end_us: int,
    zone: ZoneInfo,
    resolution: Resolution,
) -> list[MetricSeries]:
    """What the device sent, averaged in every entry of [start, end); a value counts in the entry that it ends, like a reading.

    Values in another unit than the metric's newest are left out: they could not be averaged with it.
    """
    question = EnergyQuestion([[device]], start_us, end_us, zone, resolution)
    border, n = question.borders, len(question.borders) - 1
    seen, parameters = _seen(caller)
    columns = fetch_columns(
        f"""SELECT m.n::int4 - 1, width_bucket(date_part('epoch', r.at - interval '1 microsecond'), %s::float8[]) - 1,
                   avg(r.value), min(r.value), max(r.value), count(*)
            FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS m (name, unit, n)
            JOIN readings_metricreading r ON r.device_id = %s AND r.name = m.name AND r.unit = m.unit
            WHERE r.at > to_timestamp(%s) AND r.at <= to_timestamp(%s) {seen} GROUP BY 1, 2""",
        [
            floats((border / SECOND).tolist()),
            [metric.metric for metric in metrics],
            [metric.unit for metric in metrics],
            str(device.id),
            int(border[0]) // SECOND,
            int(border[-1]) // SECOND,
            *parameters,
        ],
        ("int4", "int4", "float8", "float8", "float8", "int8"),
    )
    an_hour = expected_readings(device.interval_seconds * SECOND)
    expected = np.round(np.diff(border) / HOUR * (np.nan if an_hour is None else an_hour), 9)
    found = []
    for position, metric in enumerate(metrics):
        entry, *values = (column[columns[0] == position] for column in columns[1:])
        value, low, high = (_filled(np.full(n, np.nan), entry, part) for part in values[:3])
        readings = _filled(np.zeros(n, dtype=np.int64), entry, values[3])
        quality = np.select(
            [readings == 0, readings < expected], [Quality.MISSING, Quality.PARTIAL], default=Quality.MEASURED
        ).astype(np.int64)
        found.append(
            MetricSeries(metric.metric, metric.unit, border[:-1], value, low, high, readings, expected, quality, zone)
        )
    return found


def energy_series(
    *,
    caller: Caller,
    device: Chosen,
    metric: str,
    start_us: int,
    end_us: int,
    zone: ZoneInfo,
    resolution: Resolution,
) -> MetricSeries:
    """The device's energy in kWh, or the mean power in W that it comes from, in every entry of [start, end)."""
    question = EnergyQuestion([[device]], start_us, end_us, zone, resolution)
    (energy,) = question.answer()
    value, unit = energy.kwh, "kWh"
    if metric == POWER:
        # Of an entry that is not wholly covered nobody knows how long its energy took.
        whole = energy.quality != Quality.PARTIAL
        value, unit = np.where(whole, energy.kwh * 1000 / (np.diff(question.borders) / HOUR), np.nan), "W"
    unknown = np.full(len(value), np.nan)
    return MetricSeries(
        metric, unit, energy.start, value, unknown, unknown, energy.readings, energy.expected, energy.quality, zone
    )


def _seen(caller: Caller) -> tuple[str, list[Any]]:
    """A condition on rows `r` (device_id, at): the caller may see them."""
    if caller.is_admin:
        return "", []
    return (
        """AND EXISTS (SELECT FROM devices_assignment a WHERE a.device_id = r.device_id AND a.user_id = %s
                       AND (a.since IS NULL OR a.since < r.at) AND (a.until IS NULL OR a.until >= r.at))""",
        [str(caller.id)],
    )


def _filled(into: Any, entry: Ints, values: Any) -> Any:
    into[entry] = values
    return into


def _or_none(column: Floats) -> list[float | None]:
    return [None if value != value else value for value in column.tolist()]
