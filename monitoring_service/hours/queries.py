"""Energy of local hours, days, months and years, put together by the database from the stored hours.

Whole hours are added as they are. Their quarters are looked at only where a border lies within an hour: in zones that stand between
the hours, and where a caller's own period begins or ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db import connection

from monitoring_service.devices.selection import Chosen
from monitoring_service.hours.calendar import Resolution, edges, local_texts
from monitoring_service.hours.energy import HOUR, QUARTER, SECOND, Floats, Ints, Quality, expected_readings
from monitoring_service.hours.rows import array, fetch_columns, floats
from service_kit.auth import Caller

QUALITY_NAMES = [quality.name.lower() for quality in Quality]
# The first that any part of an entry has is the entry's.
_WORST_FIRST = (Quality.RESET, Quality.ESTIMATED)


@dataclass(frozen=True)
class Series:
    """Entries of local time with their energy, columns of equal length.

    `start`: microseconds since 1970; `kwh`: NaN where nothing is known; `expected`: NaN where the interval is longer than an hour.
    """

    start: Ints
    kwh: Floats
    readings: Ints
    expected: Floats
    quality: Ints
    zone: ZoneInfo

    @property
    def total_kwh(self) -> float | None:
        """The sum of what is known; None when nothing is."""
        return None if np.isnan(self.kwh).all() else float(np.nansum(self.kwh))

    @property
    def completeness(self) -> float:
        """The share of the expected readings that came, 0 to 1; of entries with energy, where none are expected by the hour."""
        known = ~np.isnan(self.expected)
        if not known.any():
            return float((self.quality != Quality.MISSING).mean()) if len(self.start) else 0.0
        expected = self.expected[known]
        return float(np.minimum(self.readings[known], expected).sum() / expected.sum()) if expected.any() else 0.0

    def entries(self) -> list[dict[str, Any]]:
        """The entries as the API gives them."""
        return [
            {
                "start": start,
                "kwh": None if kwh != kwh else kwh,
                "readings": readings,
                "expected": None if expected != expected else int(expected) if expected.is_integer() else expected,
                "quality": QUALITY_NAMES[quality],
            }
            for start, kwh, readings, expected, quality in zip(
                local_texts(self.start, self.zone),
                self.kwh.tolist(),
                self.readings.tolist(),
                self.expected.tolist(),
                self.quality.tolist(),
                strict=True,
            )
        ]


@dataclass(frozen=True)
class EnergyQuestion:
    """The energy of groups of devices, each group's together, in every entry of [start, end), as far as the caller may see it."""

    caller: Caller
    groups: Sequence[Sequence[Chosen]]
    start_us: int
    end_us: int
    zone: ZoneInfo
    resolution: Resolution

    @cached_property
    def borders(self) -> Ints:
        return edges(self.start_us, self.end_us, self.zone, self.resolution)

    def answer(self) -> list[Series]:
        """One series a group."""
        border, n = self.borders, len(self.borders) - 1
        source, parameters = self._visible_parts()
        columns = fetch_columns(
            f"""WITH {source}
                SELECT grp, width_bucket(date_part('epoch', start), %s::float8[]) - 1, coalesce(sum(kwh), 'NaN'),
                       sum(readings), sum(whole), coalesce(sum(unexpected), 'NaN'),
                       coalesce(bit_or(1 << quality) FILTER (WHERE kwh IS NOT NULL), 0)
                FROM parts GROUP BY 1, 2""",
            [*parameters, floats((border / SECOND).tolist())],
            ("int4", "int4", "float8", "int8", "int8", "float8", "int4"),
        )
        group = columns[0]
        return [
            self._series(devices, n, *(column[group == position] for column in columns[1:]))
            for position, devices in enumerate(self.groups)
        ]

    def totals(self) -> list[float | None]:
        """The energy of each group in all of the time; None where nothing is known."""
        source, parameters = self._visible_parts()
        with connection.cursor() as cursor:
            cursor.execute(f"WITH {source} SELECT grp, sum(kwh) FROM parts GROUP BY grp", parameters)
            found: dict[int, float | None] = dict(cursor.fetchall())
        return [found.get(position) for position in range(len(self.groups))]

    def _series(self, devices: Sequence[Chosen], n: int, entry: Ints, *columns: Any) -> Series:
        kwh, readings, whole, unexpected, qualities = (_spread(entry, column, n) for column in columns)
        kwh[np.setdiff1d(np.arange(n), entry)] = np.nan
        quarters = np.diff(self.borders) / QUARTER
        rates = [_rate(device) for device in devices]
        # An hour keeps how many readings it expected; for what was never stored the devices' present intervals tell.
        expected = quarters / 4 * (np.nan if None in rates else sum(rate or 0 for rate in rates)) + unexpected
        known = ~np.isnan(kwh)
        has = [(qualities & (1 << quality)) > 0 for quality in (*_WORST_FIRST, Quality.LATE)]
        return Series(
            start=self.borders[:-1],
            kwh=kwh,
            readings=readings,
            expected=np.round(expected, 9),
            quality=np.select(
                [~known, *has[:2], whole < quarters * len(devices), has[2]],
                [Quality.MISSING, *_WORST_FIRST, Quality.PARTIAL, Quality.LATE],
                default=Quality.MEASURED,
            ).astype(np.int64),
            zone=self.zone,
        )

    def _visible_parts(self) -> tuple[str, list[str | int]]:
        """The common table expression `parts`: hours, or quarters of hours, that the caller may see, with their parameters.

        `unexpected` is by how much more readings were expected than the device's present interval would have it.
        """
        devices = [device for group in self.groups for device in group]
        groups = [position for position, group in enumerate(self.groups) for _ in group]
        rates = [rate if (rate := _rate(device)) is not None else float("nan") for device in devices]
        asked = "SELECT * FROM unnest(%s::uuid[], %s::int[], %s::float8[]) AS asked (device_id, grp, rate)"
        parameters: list[str | int] = [array(device.id for device in devices), array(groups), floats(rates)]
        bounds = [int(self.borders[0]) // SECOND, int(self.borders[-1]) // SECOND]
        if self.caller.is_admin:
            seen = f"SELECT asked.*, to_timestamp(%s) AS since, to_timestamp(%s) AS until FROM ({asked}) asked"
            parameters = [*bounds, *parameters]
        else:
            # Periods that overlap become one, so that nothing is counted twice.
            seen = f"""SELECT asked.*, greatest(coalesce(lower(period), '-infinity'), to_timestamp(%s)) AS since,
                              least(coalesce(upper(period), 'infinity'), to_timestamp(%s)) AS until
                       FROM ({asked}) asked, LATERAL (
                           SELECT unnest(range_agg(tstzrange(since, until))) AS period FROM devices_assignment
                           WHERE device_id = asked.device_id AND user_id = %s
                             AND (since IS NULL OR until IS NULL OR since < until)) mine"""
            parameters = [*bounds, *parameters, str(self.caller.id)]
        if (self.borders % HOUR).any():
            parts = _QUARTERS.format(hours="h.start > s.since - interval '1 hour' AND h.start < s.until")
        elif self.caller.is_admin:
            parts = _HOURS
        else:
            cut = _QUARTERS.format(
                hours="""h.start IN (date_trunc('hour', s.since), date_trunc('hour', s.until)) AND h.start < s.until
                         AND (h.start < s.since OR h.start > s.until - interval '1 hour')"""
            )
            parts = f"{_HOURS} UNION ALL {cut}"
        return f"seen AS ({seen}), parts AS ({parts})", parameters


# OFFSET 0 keeps the planner from reading the whole table: it cannot know how narrow a period is.
_HOURS = """
    SELECT s.grp, h.start, h.kwh, h.readings, h.quality,
           CASE h.whole WHEN 15 THEN 4 ELSE (h.whole & 1) + (h.whole >> 1 & 1) + (h.whole >> 2 & 1) + (h.whole >> 3 & 1) END
               AS whole,
           coalesce(h.expected, s.rate) - s.rate AS unexpected
    FROM seen s, LATERAL (SELECT * FROM hours_hour h WHERE h.device_id = s.device_id AND h.start >= s.since
                                                       AND h.start <= s.until - interval '1 hour' OFFSET 0) h"""
_QUARTERS = """
    SELECT s.grp, q.start, q.kwh, q.readings, h.quality, q.whole,
           (coalesce(h.expected, s.rate) - s.rate) / 4 AS unexpected
    FROM seen s, LATERAL (SELECT * FROM hours_hour h WHERE h.device_id = s.device_id AND {hours} OFFSET 0) h,
         LATERAL (VALUES (h.start, h.q1, h.n1, h.whole & 1),
                         (h.start + interval '15 minutes', h.q2, h.n2, h.whole >> 1 & 1),
                         (h.start + interval '30 minutes', h.q3, h.n3, h.whole >> 2 & 1),
                         (h.start + interval '45 minutes', h.q4, h.n4, h.whole >> 3 & 1))
             AS q (start, kwh, readings, whole)
    WHERE q.start >= s.since AND q.start <= s.until - interval '15 minutes'"""


def _rate(device: Chosen) -> float | None:
    return expected_readings(device.interval_seconds * SECOND)


def _spread(entry: Ints, values: Any, n: int) -> Any:
    found = np.zeros(n, dtype=values.dtype)
    found[entry] = values
    return found
