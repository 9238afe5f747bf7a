"""The energy of local hours, days, months and years as it is answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from monitoring_service.devices.selection import Chosen
from monitoring_service.hours.calendar import Resolution, edges, local_texts
from monitoring_service.hours.energy import QUARTER, Floats, Ints, Quality
from monitoring_service.hours.sums import TOLD_OF_PARTS, Sums, rate_of, sums

QUALITY_NAMES = [quality.name.lower() for quality in Quality]


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

    def entries(self) -> list["Entry"]:
        """The entries as the API gives them."""
        # A year has few different ones.
        different, place = np.unique(self.expected, return_inverse=True)
        expected = [int(each) if each.is_integer() else each for each in different.tolist()]
        return list(
            map(
                Entry,
                local_texts(self.start, self.zone),
                self.kwh.tolist(),
                self.readings.tolist(),
                map(expected.__getitem__, place.tolist()),
                map(QUALITY_NAMES.__getitem__, self.quality.tolist()),
            )
        )


class Entry(msgspec.Struct, gc=False):
    """An hour, day, month or year as JSON has it; NaN is null there."""

    start: str
    kwh: float
    readings: int
    expected: float
    quality: str


@dataclass(frozen=True)
class EnergyQuestion:
    """The energy of groups of devices, each group's together, in every entry of [start, end), within the devices' periods."""

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
        found = sums(self.groups, self.borders, finest=self.resolution in ("quarter", "hour"))
        return [
            self._series(devices, Sums(*(column[group] for column in found)))
            for group, devices in enumerate(self.groups)
        ]

    def totals(self) -> list[float | None]:
        """The energy of each group in all of the time; None where nothing is known."""
        kwh = sums(self.groups, self.borders[[0, -1]], finest=False).kwh[:, 0]
        return [None if total != total else total for total in kwh.tolist()]

    def _series(self, devices: Sequence[Chosen], found: Sums) -> Series:
        quarters = np.diff(self.borders) / QUARTER
        rates = [rate_of(device) for device in devices]
        # An hour keeps how many readings it expected; for what was never stored the devices' present intervals tell.
        expected = quarters / 4 * (np.nan if None in rates else sum(rate or 0 for rate in rates)) + found.unexpected
        reset, estimated, late = ((found.qualities & (1 << quality)) > 0 for quality in TOLD_OF_PARTS)
        return Series(
            start=self.borders[:-1],
            kwh=found.kwh,
            readings=found.readings,
            expected=np.round(expected, 9),
            quality=np.select(
                [np.isnan(found.kwh), reset, estimated, found.whole < quarters * len(devices), late],
                [Quality.MISSING, Quality.RESET, Quality.ESTIMATED, Quality.PARTIAL, Quality.LATE],
                default=Quality.MEASURED,
            ).astype(np.int64),
            zone=self.zone,
        )
