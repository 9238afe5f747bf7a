"""Energy of local hours, days and months, put together from the quarters of the stored hours."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np

from monitoring_service.devices.models import Device
from monitoring_service.devices.queries import Period, periods_of
from monitoring_service.hours.calendar import Resolution, edges, local_texts
from monitoring_service.hours.energy import HOUR, QUARTER, SECOND, Floats, Ints, Quality, expected_readings
from monitoring_service.hours.rows import array, fetch_columns
from service_kit.auth import Caller

_NAMES = [quality.name.lower() for quality in Quality]


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
        return float(np.minimum(self.readings[known], expected).sum() / expected.sum())

    def entries(self) -> list[dict[str, Any]]:
        """The entries as the API gives them."""
        return [
            {
                "start": start,
                "kwh": None if kwh != kwh else kwh,
                "readings": readings,
                "expected": None if expected != expected else int(expected) if expected.is_integer() else expected,
                "quality": _NAMES[quality],
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
class Quarters:
    """What is known of the quarters of some devices, columns of equal length; `device` is a position in the list asked for."""

    device: Ints
    start: Ints
    kwh: Floats  # NaN where nothing is known
    readings: Ints
    whole: Ints
    quality: Ints  # of the hour it belongs to
    expected: Floats


def quarters_of(*, caller: Caller, devices: Sequence[Device], start_us: int, end_us: int) -> Quarters:
    """The stored quarters of these devices in [start, end) that the caller may see."""
    ids = [device.id for device in devices]
    periods = periods_of(caller, ids)
    found = _as_quarters(_hours_between(caller, ids, start_us, end_us))
    inside = (found.start >= start_us) & (found.start < end_us)
    if periods is not None:
        inside &= _seen(found.device, found.start, ids, periods)
    return Quarters(*(getattr(found, column.name)[inside] for column in fields(Quarters)))


def energy_of(
    *,
    caller: Caller,
    devices: Sequence[Device],
    start_us: int,
    end_us: int,
    zone: ZoneInfo,
    resolution: Resolution,
) -> Series:
    """The energy of these devices together in every entry of [start, end), as far as the caller may see it."""
    border = edges(start_us, end_us, zone, resolution)
    found = quarters_of(caller=caller, devices=devices, start_us=int(border[0]), end_us=int(border[-1]))
    n = len(border) - 1
    entry = np.searchsorted(border, found.start, side="right") - 1

    def total(weights: Any) -> Floats:
        return np.bincount(entry, weights=weights, minlength=n)[:n].astype(np.float64)

    known = ~np.isnan(found.kwh)
    quarters_in = np.diff(border) / QUARTER
    now_expected = [expected_readings(d.interval_seconds * SECOND) for d in devices]
    current = np.nan if None in now_expected else sum(x for x in now_expected if x is not None) / 4
    # An hour keeps how many it expected; for what was never stored the devices' present intervals tell.
    if len(devices) == 1:
        expected = total(found.expected) + (quarters_in - total(np.ones(len(entry)))) * current
    else:
        expected = quarters_in * current
    any_known = total(known) > 0
    covered = total(found.whole) >= quarters_in * len(devices)
    return Series(
        start=border[:-1],
        kwh=np.where(any_known, total(np.where(known, found.kwh, 0.0)), np.nan),
        readings=total(found.readings).astype(np.int64),
        expected=np.round(expected, 9),
        quality=np.select(
            [
                ~any_known,
                total(known & (found.quality == Quality.RESET)) > 0,
                total(known & (found.quality == Quality.ESTIMATED)) > 0,
                ~covered,
                total(known & (found.quality == Quality.LATE)) > 0,
            ],
            [Quality.MISSING, Quality.RESET, Quality.ESTIMATED, Quality.PARTIAL, Quality.LATE],
            default=Quality.MEASURED,
        ).astype(np.int64),
        zone=zone,
    )


def _hours_between(caller: Caller, device_ids: list[UUID], start_us: int, end_us: int) -> list[Any]:
    mine = ""
    parameters: list[object] = [array(device_ids), start_us - HOUR, end_us]
    if not caller.is_admin:
        mine = """AND EXISTS (SELECT FROM devices_assignment a WHERE a.device_id = h.device_id AND a.user_id = %s
                              AND (a.since IS NULL OR a.since < h.start + interval '1 hour')
                              AND (a.until IS NULL OR a.until > h.start))"""
        parameters.append(str(caller.id))
    return fetch_columns(
        f"""SELECT (d.n - 1)::int4, h.start, coalesce(h.q1, 'NaN'), coalesce(h.q2, 'NaN'), coalesce(h.q3, 'NaN'),
                   coalesce(h.q4, 'NaN'), h.n1, h.n2, h.n3, h.n4, h.whole, h.quality, coalesce(h.expected, 'NaN')
            FROM unnest(%s::uuid[]) WITH ORDINALITY AS d (id, n) JOIN hours_hour h ON h.device_id = d.id
            WHERE h.start > 'epoch'::timestamptz + %s * interval '1 microsecond'
              AND h.start < 'epoch'::timestamptz + %s * interval '1 microsecond' {mine}
            ORDER BY d.n, h.start""",
        parameters,
        ("int4", "timestamptz", *["float8"] * 4, *["int4"] * 4, "int2", "int2", "float8"),  # type: ignore[arg-type]
    )


def _as_quarters(rows: list[Any]) -> Quarters:
    device, start, *energies = rows[:6]
    counts, (whole, quality, expected) = rows[6:10], rows[10:]
    return Quarters(
        device=np.repeat(device, 4),
        start=(start[:, None] + np.arange(4) * QUARTER).ravel(),
        kwh=np.column_stack(energies).ravel(),
        readings=np.column_stack(counts).ravel(),
        whole=((whole[:, None] >> np.arange(4)) & 1).ravel(),
        quality=np.repeat(quality, 4),
        expected=np.repeat(expected / 4, 4),
    )


def _seen(device: Ints, quarter: Ints, device_ids: list[UUID], periods: dict[UUID, list[Period]]) -> Any:
    """Which quarters lie wholly in a period."""
    seen = np.zeros(len(device), dtype=bool)
    for position, device_id in enumerate(device_ids):
        of_device = device == position
        for period in periods.get(device_id, []):
            since = -np.inf if period.since is None else period.since.timestamp() * SECOND
            until = np.inf if period.until is None else period.until.timestamp() * SECOND
            seen |= of_device & (quarter >= since) & (quarter + QUARTER <= until)
    return seen
