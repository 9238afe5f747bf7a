"""What energy costs by time of use: pure functions of the tariff and the plant's clock. Instants: microseconds since 1970."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from monitoring_service.devices.selection import EVER
from monitoring_service.hours.calendar import midnight, offsets
from monitoring_service.hours.energy import SECOND, Floats, Ints

_THURSDAY = 3  # the weekday of January 1, 1970


@dataclass(frozen=True)
class Rate:
    """A price per kWh on `weekdays` (1 Monday to 7 Sunday) from minute to minute of the local day."""

    price_per_kwh: float
    weekdays: Sequence[int]
    from_minute: int
    to_minute: int


def prices(rates: Sequence[Rate], at_us: Ints, zone: ZoneInfo, *, since: int = EVER[0], until: int = EVER[1]) -> Floats:
    """The price per kWh at each of these ascending instants; NaN where no rate holds or the tariff is not valid."""
    week = np.full((7, 24 * 60), np.nan)
    for weekday in range(7):
        for rate in reversed(rates):  # of two that overlap the first in the list holds
            if weekday + 1 in rate.weekdays:
                week[weekday, rate.from_minute : rate.to_minute] = rate.price_per_kwh
    if not len(at_us):
        return np.empty(0)
    local = (at_us + offsets(at_us, zone)) // SECOND
    found: Floats = week[(local // 86_400 + _THURSDAY) % 7, local % 86_400 // 60]
    found[(at_us < since) | (at_us >= until)] = np.nan
    return found


def has_price_changes_within_hours(rates: Sequence[Rate]) -> bool:
    """Whether a price changes at another time than a whole hour of the clock, so that an hour's energy alone has no price."""
    return any(minute % 60 for rate in rates for minute in (rate.from_minute, rate.to_minute))


def days_begun(days: Sequence[date], zone: ZoneInfo, *, since: int, until: int) -> int:
    """How many of these local days have their first instant in [since, until): so many standing charges are due."""
    return sum(since <= midnight(day, zone) < until for day in days)
