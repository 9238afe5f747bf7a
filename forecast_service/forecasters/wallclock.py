"""Hours by the local clock.

People live by the clock on the wall, so "the same hour yesterday" must not slip when the clock changes. A series is laid on the
hours of the wall clock, forecast there, and read back in UTC: the hour that a spring day skips is unknown, the two that an autumn
day repeats are one. Offsets that are no full hours are floored, which keeps the days whole.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from forecast_service.forecasters.base import DAY, Floats, History

HOUR = timedelta(hours=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=64)
def wall_hours(start: datetime, hours: int, zone: str) -> NDArray[np.int64]:
    """Number of the wall-clock hour (since 1970-01-01 00:00 on that clock) of each UTC hour from `start`, not to be written to.

    Kept, because all meters that are forecast together ask for the same.
    """
    numbers = int((start - EPOCH) // HOUR) + np.arange(hours, dtype=np.int64)
    if zone != "UTC":
        _move(numbers, start, ZoneInfo(zone))
    numbers.flags.writeable = False
    return numbers


def _move(numbers: NDArray[np.int64], start: datetime, clock: ZoneInfo) -> None:
    """From the hours of UTC to those of the clock."""

    def offset(index: int) -> int:
        moment = (start + index * HOUR).astimezone(clock)
        seconds = (moment.utcoffset() or timedelta()).total_seconds()
        return int(seconds // 3600)

    for begin in range(0, len(numbers), DAY):
        end = min(begin + DAY, len(numbers))
        shift, later = offset(begin), offset(end - 1)
        if shift == later:
            numbers[begin:end] += shift
        else:  # the clock changes within these hours
            numbers[begin:end] += np.array([offset(index) for index in range(begin, end)])


def to_wall(history: History, horizon: int, zone: str) -> tuple[int, Floats, NDArray[np.int64]]:
    """(first wall hour, values on the wall clock, place of each hour ahead counted from the end of those values)."""
    numbers = wall_hours(history.start, len(history.values) + horizon, zone)
    known, ahead = numbers[: len(history.values)], numbers[len(history.values) :]
    first, width = int(known[0]), int(known[-1] - known[0]) + 1
    if width == len(known):
        values = history.values
    else:
        places = known - first
        usable = ~np.isnan(history.values)
        total = np.bincount(places[usable], weights=history.values[usable], minlength=width)
        count = np.bincount(places[usable], minlength=width)
        values = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    # Where the history ends inside a repeated hour, the first hour ahead has the number of the last one known.
    return first, values, np.maximum(ahead - first - width, 0)
