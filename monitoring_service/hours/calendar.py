"""Local hours, days and months as edges in UTC: pure functions of the IANA zone.

A local hour ends where the wall clock shows a whole hour or is moved: so a day has 23, 24 or 25 of them, one of them half as long
where the clock moves by half an hour. All zones since 2000 are whole quarters away from UTC, so every edge is a quarter's edge.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from operator import add
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from monitoring_service.hours.energy import QUARTER, SECOND, Ints

_DAY = 86_400
Resolution = Literal["quarter", "hour", "day", "month", "year"]
# What is answered; quarters are for our own sums.
RESOLUTIONS: tuple[Resolution, ...] = ("hour", "day", "month", "year")


def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError naming the zone when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Rome") from None


@lru_cache(maxsize=4_000)
def midnight(day: date, zone: tzinfo) -> int:
    """The first instant of the local day, microseconds since 1970, also where the clock skips or repeats midnight."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * SECOND


@lru_cache(maxsize=64)
def edges(start_us: int, end_us: int, zone: tzinfo, resolution: Resolution) -> Ints:
    """Where the entries of [start, end) begin and end: n + 1 instants for n entries, the first and last cut to the range.

    `start_us` and `end_us` are microseconds since 1970, widened to whole quarters. Not to be written to.
    """
    found = _edges(start_us, end_us, zone, resolution)
    found.setflags(write=False)
    return found


def _edges(start_us: int, end_us: int, zone: tzinfo, resolution: Resolution) -> Ints:
    start, end = start_us // QUARTER * QUARTER, -(-end_us // QUARTER) * QUARTER
    if end <= start:
        return np.array([start], dtype=np.int64)
    if resolution == "quarter":
        return np.arange(start, end + QUARTER, QUARTER, dtype=np.int64)
    if resolution == "hour":
        inner = _hours(start, end, zone)
    elif resolution == "day":
        inner = _days(start, end, zone)
    else:
        inner = _months(start, end, zone, {"month": 1, "year": 12}[resolution])
    kept = inner[(inner > start) & (inner < end)]
    return np.concatenate([[start], kept, [end]]).astype(np.int64)


def count_at_most(start_us: int, end_us: int, resolution: Resolution) -> float:
    """An estimate from above of how many entries there will be, without making them."""
    days = {"quarter": 1 / 96, "hour": 1 / 24, "day": 1, "month": 28, "year": 365}
    return (end_us - start_us) / SECOND / 86_400 / days[resolution]


def _local_date(at_us: int, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at_us // SECOND, zone).date()


def _days(start: int, end: int, zone: tzinfo) -> Ints:
    """Local midnights from the one at or before `start` to the one at or after `end`."""
    day, found = _local_date(start, zone), []
    while True:
        found.append(midnight(day, zone))
        if found[-1] >= end:
            return np.array(found, dtype=np.int64)
        day += timedelta(days=1)


def _months(start: int, end: int, zone: tzinfo, step: int) -> Ints:
    """Beginnings of every `step`-th month of the year, from the one at or before `start` to the one at or after `end`."""
    day, found = _local_date(start, zone), []
    month = day.year * 12 + (day.month - 1) // step * step
    while True:
        found.append(midnight(date(month // 12, month % 12 + 1, 1), zone))
        if found[-1] >= end:
            return np.array(found, dtype=np.int64)
        month += step


def _hours(start: int, end: int, zone: tzinfo) -> Ints:
    """Where the clock shows a whole hour or is moved, between two quarters' edges."""
    quarter = np.arange(start, end, QUARTER, dtype=np.int64)
    offset = offsets(quarter, zone)
    moved = np.diff(offset, prepend=offset[0]) != 0
    found: Ints = quarter[((quarter + offset) % (4 * QUARTER) == 0) | moved]
    return found


def offsets(at_us: Ints, zone: tzinfo) -> Ints:
    """What the zone's clock is ahead of UTC at each of these ascending instants, microseconds."""
    years = range(*(datetime.fromtimestamp(int(at) // SECOND, UTC).year for at in at_us[[0, -1]]))
    known = [_offsets_of_year(zone, year) for year in (*years, years.stop)]
    since, offset = (np.concatenate(part) for part in zip(*known, strict=True))
    found: Ints = offset[np.searchsorted(since, at_us, side="right") - 1]
    return found


@lru_cache(maxsize=2_000)
def _offsets_of_year(zone: tzinfo, year: int) -> tuple[Ints, Ints]:
    """The instants of a year (UTC) from which another offset holds, its beginning first, and these offsets."""
    first, end = (round(datetime(y, 1, 1, tzinfo=UTC).timestamp()) * SECOND for y in (year, year + 1))
    found = [(first, _offset(first, zone))]
    for day in range(first, end, 96 * QUARTER):
        # The clock is moved at most once a day.
        if _offset(day + 96 * QUARTER, zone) != found[-1][1]:
            moved = next(at for at in range(day, day + 97 * QUARTER, QUARTER) if _offset(at, zone) != found[-1][1])
            found.append((moved, _offset(moved, zone)))
    since, offset = np.array([(at, offset) for at, offset in found if at < end], dtype=np.int64).T
    return since, offset


def _offset(at_us: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(at_us // SECOND, zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * SECOND


def local_texts(at_us: Ints, zone: tzinfo) -> list[str]:
    """Ascending instants in RFC 3339 with the zone's offset at each; `Z` where that is none.

    Formatting them one by one would take longer than reading a year of hours.
    """
    if not len(at_us):
        return []
    offset = offsets(at_us, zone)
    local = (at_us + offset) // SECOND
    days, day = np.unique(local // _DAY, return_inverse=True)
    # A clock's reading and its offset in one number.
    clocks, clock = np.unique(local % _DAY * 2 * _DAY + offset // SECOND + _DAY, return_inverse=True)
    dates = np.datetime_as_string(days.astype("datetime64[D]")).tolist()
    times = [_time_text(each // (2 * _DAY), each % (2 * _DAY) - _DAY) for each in clocks.tolist()]
    return list(map(add, map(dates.__getitem__, day.tolist()), map(times.__getitem__, clock.tolist())))


@lru_cache(maxsize=1_000)
def _time_text(second: int, offset: int) -> str:
    hour, minute = divmod(second // 60, 60)
    return f"T{hour:02}:{minute:02}:{second % 60:02}{_suffix(offset)}"


def _suffix(offset: int) -> str:
    if not offset:
        return "Z"
    hours, minutes = divmod(abs(offset) // 60, 60)
    return f"{'-' if offset < 0 else '+'}{hours:02}:{minutes:02}"
