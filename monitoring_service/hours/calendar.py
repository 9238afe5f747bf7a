"""Local hours, days and months as edges in UTC: pure functions of the IANA zone.

A local hour ends where the wall clock shows a whole hour or is moved: so a day has 23, 24 or 25 of them, one of them half as long
where the clock moves by half an hour. All zones since 2000 are whole quarters away from UTC, so every edge is a quarter's edge.
"""

from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from monitoring_service.hours.energy import QUARTER, SECOND, Ints

Resolution = Literal["quarter", "hour", "day", "month", "year"]
# What is answered; quarters are for our own sums.
RESOLUTIONS: tuple[Resolution, ...] = ("hour", "day", "month", "year")


def zone_of(name: str) -> ZoneInfo:
    """Raises ValueError naming the zone when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"{name!r} is not an IANA time zone such as Europe/Rome") from None


def midnight(day: date, zone: tzinfo) -> int:
    """The first instant of the local day, microseconds since 1970, also where the clock skips or repeats midnight."""
    return round(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * SECOND


def edges(start_us: int, end_us: int, zone: tzinfo, resolution: Resolution) -> Ints:
    """Where the entries of [start, end) begin and end: n + 1 instants for n entries, the first and last cut to the range.

    `start_us` and `end_us` are microseconds since 1970, widened to whole quarters.
    """
    start, end = start_us // QUARTER * QUARTER, -(-end_us // QUARTER) * QUARTER
    if end <= start:
        return np.array([start], dtype=np.int64)
    if resolution == "quarter":
        return np.arange(start, end + QUARTER, QUARTER, dtype=np.int64)
    months = {"month": 1, "year": 12}.get(resolution)
    inner = _months(start, end, zone, months) if months else _days(start, end, zone)
    if resolution == "hour":
        inner = _hours(inner, zone)
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


def _offset(at_us: int, zone: tzinfo) -> int:
    offset = datetime.fromtimestamp(at_us // SECOND, UTC).astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds()) * SECOND


def local_texts(at_us: Ints, zone: tzinfo) -> list[str]:
    """Ascending instants in RFC 3339 with the zone's offset at each; `Z` where that is none.

    Formatting them one by one would take longer than reading a year of hours.
    """
    offsets = np.empty(len(at_us), dtype=np.int64)
    # The clock is moved at most once within some hours: two equal ends say that all between are equal too.
    for first in range(0, len(at_us), 12):
        part = at_us[first : first + 12].tolist()
        ends = _offset(part[0], zone), _offset(part[-1], zone)
        near = part[-1] - part[0] < 24 * 4 * QUARTER
        offsets[first : first + 12] = ends[0] if near and ends[0] == ends[1] else [_offset(at, zone) for at in part]
    local = np.datetime_as_string(((at_us + offsets) // SECOND).astype("datetime64[s]"))
    suffixes = {offset: _suffix(offset) for offset in np.unique(offsets).tolist()}
    return [text + suffixes[offset] for text, offset in zip(local.tolist(), offsets.tolist(), strict=True)]


def _suffix(offset_us: int) -> str:
    if not offset_us:
        return "Z"
    hours, minutes = divmod(abs(offset_us) // (60 * SECOND), 60)
    return f"{'-' if offset_us < 0 else '+'}{hours:02}:{minutes:02}"


def _hours(midnights: Ints, zone: tzinfo) -> Ints:
    hour = 4 * QUARTER
    parts = []
    offsets = [_offset(at, zone) for at in midnights.tolist()]
    for i, (begin, finish) in enumerate(zip(midnights[:-1].tolist(), midnights[1:].tolist(), strict=True)):
        if offsets[i] == offsets[i + 1] and (finish - begin) % hour == 0:
            parts.append(np.arange(begin, finish, hour, dtype=np.int64))
            continue
        quarters = range(begin, finish, QUARTER)
        local = [_offset(at, zone) for at in quarters]
        parts.append(
            np.array(
                [
                    at
                    for n, at in enumerate(quarters)
                    if (at + local[n]) % hour == 0 or (n and local[n] != local[n - 1])
                ],
                dtype=np.int64,
            )
        )
    parts.append(midnights[-1:])
    return np.concatenate(parts)
