"""Stored hours added up by the database: into entries of any borders, of groups of devices, within the times that may be seen."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from monitoring_service.devices.selection import Chosen
from monitoring_service.hours.energy import HOUR, QUARTER, SECOND, Floats, Ints, Quality, expected_readings
from monitoring_service.hours.rows import Type, array, fetch_columns, floats

# The first that any part of an entry has is the entry's, and it is late when a part is.
TOLD_OF_PARTS = (Quality.RESET, Quality.ESTIMATED, Quality.LATE)
_TYPES: tuple[Type, ...] = ("int4", "timestamptz", "float8", "int8", "int8", "float8", "int4")


class Sums(NamedTuple):
    """By group and entry: two-dimensional arrays.

    `kwh`: NaN where nothing is known; `whole`: quarters that are wholly covered, of each device; `unexpected`: by how much more
    readings were expected than the devices' present intervals would have it; `qualities`: bit q is set where a part has quality q.
    """

    kwh: Floats
    readings: Ints
    whole: Ints
    unexpected: Floats
    qualities: Ints


class _Seen(NamedTuple):
    """A time in which a device may be seen; microseconds since 1970, whole quarters."""

    device_id: UUID
    group: int
    rate: float
    since: int
    until: int


def rate_of(device: Chosen) -> float | None:
    """Readings in a full hour; None when the interval is longer."""
    return expected_readings(device.interval_seconds * SECOND)


def sums(groups: Sequence[Sequence[Chosen]], border: Ints, *, finest: bool) -> Sums:
    """What the groups' devices measured between the borders (ascending, microseconds since 1970, whole quarters).

    `finest`: the entries are hours or quarters, so that there is nothing to add up but devices.
    """
    parts = []
    for outward, energy in ((False, _INWARD), (True, _OUTWARD)):
        seen = list(_seen(groups, border, outward))
        if finest and (border % HOUR).any():
            asked = [(_QUARTERS, seen)]
        else:
            asked = [(_HOURS if finest else _ENTRIES, seen), (_QUARTERS, list(_cut(seen, border)))]
        parts += [_fetch(query.format(**energy), some, border, finest) for query, some in asked if some]
    return _added(parts, len(groups), border)


def _seen(groups: Sequence[Sequence[Chosen]], border: Ints, outward: bool) -> Iterator[_Seen]:
    begin, end = int(border[0]), int(border[-1])
    for group, devices in enumerate(groups):
        for device in devices:
            if device.outward == outward:
                rate = rate_of(device)
                for since_us, until_us in device.periods:
                    since = max(-(-since_us // QUARTER) * QUARTER, begin)
                    until = min(until_us // QUARTER * QUARTER, end)
                    if since < until:
                        yield _Seen(device.id, group, float("nan") if rate is None else rate, since, until)


def _cut(seen: Sequence[_Seen], border: Ints) -> Iterator[_Seen]:
    """What lies in hours that a border or an end of what may be seen cuts."""
    borders = border[border % HOUR != 0].tolist()
    for one in seen:
        ends = [at for at in (one.since, one.until) if at % HOUR]
        for hour in {at // HOUR * HOUR for at in (*ends, *borders)}:
            since, until = max(one.since, hour), min(one.until, hour + HOUR)
            if since < until:
                yield one._replace(since=since, until=until)


def _fetch(query: str, seen: Sequence[_Seen], border: Ints, finest: bool) -> list[NDArray[Any]]:
    ids, group, rate, since, until = zip(*seen, strict=True)
    parameters = [array(ids), array(group), floats(rate)]
    parameters += [array(at // SECOND for at in edge) for edge in (since, until)]
    if "entries" in query:
        parameters += [array((edge // SECOND).tolist()) for edge in (border[:-1], border[1:])]
    # Devices of a group are added up where they are: a transfer of each would cost more.
    together = finest and len(seen) > len(set(group))
    return fetch_columns(query + (_TOGETHER if together else _EACH), parameters, _TYPES)


def _added(parts: Sequence[list[NDArray[Any]]], groups: int, border: Ints) -> Sums:
    n = len(border) - 1
    empty = [np.empty(0, dtype=np.float64 if kind == "float8" else np.int64) for kind in _TYPES]
    group, start, kwh, readings, whole, unexpected, qualities = map(np.concatenate, zip(empty, *parts, strict=True))
    cell = group * n + np.searchsorted(border, start, side="right") - 1

    def total(values: NDArray[Any]) -> Floats:
        return np.bincount(cell, weights=values, minlength=groups * n).astype(np.float64).reshape(groups, n)

    known = ~np.isnan(kwh)
    bits = [(total(qualities >> quality & 1) > 0).astype(np.int64) << quality for quality in TOLD_OF_PARTS]
    return Sums(
        kwh=np.where(total(known) > 0, total(np.where(known, kwh, 0)), np.nan),
        readings=total(readings).astype(np.int64),
        whole=total(whole).astype(np.int64),
        unexpected=total(unexpected),
        qualities=np.bitwise_or.reduce(bits),
    )


# What a meter took in, and what a two-way meter sent out.
_INWARD = {"kwh": "h.kwh", "q1": "h.q1", "q2": "h.q2", "q3": "h.q3", "q4": "h.q4"}
_OUTWARD = {
    "kwh": """CASE WHEN num_nonnulls(h.x1, h.x2, h.x3, h.x4) > 0
                   THEN coalesce(h.x1, 0) + coalesce(h.x2, 0) + coalesce(h.x3, 0) + coalesce(h.x4, 0) END""",
    "q1": "h.x1", "q2": "h.x2", "q3": "h.x3", "q4": "h.x4",
}  # fmt: skip
_SEEN = """WITH seen AS (
    SELECT device_id, grp, rate, to_timestamp(since) AS since, to_timestamp(until) AS until
    FROM unnest(%s::uuid[], %s::int4[], %s::float8[], %s::int8[], %s::int8[]) AS seen (device_id, grp, rate, since, until))"""
_WHOLE = """CASE h.whole WHEN 15 THEN 4 ELSE (h.whole & 1) + (h.whole >> 1 & 1) + (h.whole >> 2 & 1) + (h.whole >> 3 & 1) END"""
_UNEXPECTED = "coalesce(h.expected, s.rate) - s.rate"
# OFFSET 0 keeps the planner from reading the whole table: it cannot know how narrow a period is.
_HOURS = f"""{_SEEN}, parts AS (
    SELECT s.grp, h.start, {{kwh}} AS kwh, h.readings, {_WHOLE} AS whole, {_UNEXPECTED} AS unexpected,
           CASE WHEN {{kwh}} IS NULL THEN 0 ELSE 1 << h.quality END AS qualities
    FROM seen s, LATERAL (SELECT * FROM hours_hour h WHERE h.device_id = s.device_id AND h.start >= s.since
                                                       AND h.start <= s.until - interval '1 hour' OFFSET 0) h)"""
# Going from entry to entry by the index costs a fraction of looking up each hour's entry.
_ENTRIES = f"""{_SEEN}, entries AS (
    SELECT to_timestamp(since) AS since, to_timestamp(until) AS until
    FROM unnest(%s::int8[], %s::int8[]) AS entries (since, until)), parts AS (
    SELECT s.grp, e.since AS start, h.*
    FROM seen s JOIN entries e ON e.since < s.until AND e.until > s.since, LATERAL (
        SELECT sum({{kwh}}) AS kwh, sum(h.readings) AS readings, sum({_WHOLE}) AS whole,
               sum({_UNEXPECTED}) AS unexpected, bit_or(CASE WHEN {{kwh}} IS NULL THEN 0 ELSE 1 << h.quality END) AS qualities
        FROM hours_hour h WHERE h.device_id = s.device_id AND h.start >= greatest(s.since, e.since)
                            AND h.start <= least(s.until, e.until) - interval '1 hour' HAVING count(*) > 0) h)"""
_QUARTERS = f"""{_SEEN}, parts AS (
    SELECT s.grp, q.start, q.kwh, q.readings, q.whole, ({_UNEXPECTED}) / 4 AS unexpected,
           CASE WHEN q.kwh IS NULL THEN 0 ELSE 1 << h.quality END AS qualities
    FROM seen s, LATERAL (SELECT * FROM hours_hour h WHERE h.device_id = s.device_id AND h.start > s.since - interval '1 hour'
                                                       AND h.start < s.until OFFSET 0) h,
         LATERAL (VALUES (h.start, {{q1}}, h.n1, h.whole & 1),
                         (h.start + interval '15 minutes', {{q2}}, h.n2, h.whole >> 1 & 1),
                         (h.start + interval '30 minutes', {{q3}}, h.n3, h.whole >> 2 & 1),
                         (h.start + interval '45 minutes', {{q4}}, h.n4, h.whole >> 3 & 1))
             AS q (start, kwh, readings, whole)
    WHERE q.start >= s.since AND q.start <= s.until - interval '15 minutes')"""
_EACH = """
    SELECT grp, start, coalesce(kwh, 'NaN'), readings::int8, whole::int8, coalesce(unexpected, 0), qualities FROM parts"""
_TOGETHER = """
    SELECT grp, start, coalesce(sum(kwh), 'NaN'), sum(readings), sum(whole)::int8, coalesce(sum(unexpected), 0), bit_or(qualities)
    FROM parts GROUP BY grp, start"""
