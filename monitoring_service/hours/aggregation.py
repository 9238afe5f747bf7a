"""Hours from the readings they rest on, in the transaction that changed those readings.

The caller holds the devices' rows in LastReading, so nobody else computes the same hours from an older picture meanwhile.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection

from monitoring_service.hours.energy import (
    ADJACENT_INTERVALS,
    BRIDGED_INTERVALS,
    HOUR,
    Bools,
    Floats,
    Hours,
    Ints,
    Kind,
    Meter,
    Quality,
    State,
    hours_of,
    reach,
)
from monitoring_service.hours.rows import array, fetch_columns
from monitoring_service.hours.storing import ChangedHours, store_hours, store_states


@dataclass
class _Windows:
    """Whole hours [low, high) of a device that must be computed again; sorted, without overlap."""

    device: Ints
    low: Ints
    high: Ints


def recompute_hours(*, device_ids: list[str], meters: list[Meter], device: Ints, at: Ints) -> list[ChangedHours]:
    """Compute the hours anew that readings of `device_ids[device[i]]` at `at[i]` (microseconds) touch; what changed.

    Versions rise where something changed and nowhere else.
    """
    if not len(at):
        return []
    return _compute(device_ids, meters, _merge(*_touched(device_ids, meters, device, at)))


def recompute_span(*, device_id: str, meter: Meter, low_us: int, high_us: int) -> list[ChangedHours]:
    """Compute all hours of a device in [low, high) anew, whole hours; those that nothing is left of become missing."""
    windows = _Windows(np.zeros(1, dtype=np.int64), np.array([low_us]), np.array([high_us]))
    return _compute([device_id], [meter], windows, all_of_it=True)


def _compute(
    device_ids: list[str], meters: list[Meter], windows: _Windows, *, all_of_it: bool = False
) -> list[ChangedHours]:
    frozen = np.array([meter.frozen_until_us for meter in meters], dtype=np.int64)
    while True:
        low = np.maximum(windows.low, frozen[windows.device])
        open_ = low < windows.high
        windows = _Windows(windows.device[open_], low[open_], windows.high[open_])
        if not len(windows.device):
            return []
        series, when, value, state, known, first = _load(device_ids, meters, windows)
        of_window = [meters[d] for d in windows.device.tolist()]
        hours, decided = hours_of(of_window, series, when, value, state, known)
        wider = _widened(windows, of_window, series, when, state, decided, first)
        if wider is None:
            break
        windows = wider
    changed = decided != state
    if changed.any():
        store_states(device_ids, windows.device[series[changed]], when[changed], value[changed], decided[changed])
    inside = (hours.start >= windows.low[hours.series]) & (hours.start < windows.high[hours.series])
    columns = _columns(hours, inside)
    if all_of_it:
        columns = _with_emptied(columns, windows, np.arange(len(windows.device)))
    elif changed.any():
        columns = _with_emptied(columns, windows, np.unique(series[changed]))
    return store_hours(device_ids, meters, windows.device[columns[0]], *columns[1:])


def _touched(device_ids: list[str], meters: list[Meter], device: Ints, at: Ints) -> tuple[Ints, Ints, Ints]:
    reaches = np.array([reach(meter) for meter in meters], dtype=np.int64).reshape(-1, 2)
    begin, end = at - np.maximum(reaches[device, 0], 1), at + reaches[device, 1]
    registers = np.array([meter.kind == Kind.REGISTER_KWH for meter in meters])[device]
    if registers.any():
        # Between two counts the energy is spread over all of their time, so its reach is that far.
        rows = np.flatnonzero(registers)
        of = _merge(device[rows], begin[rows], end[rows] + 1)
        before, after = _counted_neighbours(device_ids, of.device, of.low, of.high)
        begin = np.concatenate([begin[~registers], before - 1])
        end = np.concatenate([end[~registers], after])
        device = np.concatenate([device[~registers], of.device])
    return device, begin // HOUR * HOUR, (end // HOUR + 1) * HOUR


def _merge(device: Ints, low: Ints, high: Ints) -> _Windows:
    order = np.lexsort((low, device))
    device, low, high = device[order], low[order] // HOUR, -(-high[order] // HOUR)
    # Shifted so that no window of one device can reach the next device's; in hours, so that a thousand shifts fit.
    shift = device * np.int64(1 << 24)
    furthest = np.maximum.accumulate(high + shift)
    begins = np.ones(len(order), dtype=bool)
    begins[1:] = low[1:] + shift[1:] > furthest[:-1]
    starts = np.flatnonzero(begins)
    lasts = np.append(starts[1:], len(order)) - 1
    return _Windows(device[starts], low[starts] * HOUR, (furthest - shift)[lasts] * HOUR)


def _counted_neighbours(device_ids: list[str], device: Ints, low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """The instants of the last counted reading, or known stand, at or before `low` and the first at or after `high`; else these."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce((extract(epoch FROM greatest(
                       (SELECT r.at FROM readings_reading r WHERE r.device_id = w.device AND r.at <= w.low
                        AND r.state IN (0, 3) ORDER BY r.at DESC LIMIT 1),
                       (SELECT max(s.at) FROM readings_registerstand s WHERE s.device_id = w.device AND s.at <= w.low)
                   )) * 1000000)::bigint, w.low_us),
                   coalesce((extract(epoch FROM least(
                       (SELECT r.at FROM readings_reading r WHERE r.device_id = w.device AND r.at >= w.high
                        AND r.state IN (0, 3) ORDER BY r.at LIMIT 1),
                       (SELECT min(s.at) FROM readings_registerstand s WHERE s.device_id = w.device AND s.at >= w.high)
                   )) * 1000000)::bigint, w.high_us)
            FROM (SELECT *, 'epoch'::timestamptz + low_us * interval '1 microsecond' AS low,
                         'epoch'::timestamptz + high_us * interval '1 microsecond' AS high
                  FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS u (device, low_us, high_us, n)) w
            ORDER BY w.n
            """,
            [array(device_ids[d] for d in device.tolist()), array(low.tolist()), array(high.tolist())],
        )
        found = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _load(
    device_ids: list[str], meters: list[Meter], windows: _Windows
) -> tuple[Ints, Ints, Floats, Ints, Bools, list[tuple[int, int]]]:
    """All rows that the windows' energy rests on: (window, at, value, state, whether it is a known stand), sorted, and what range
    was read for each."""
    interval = np.array([meter.interval_us for meter in meters], dtype=np.int64)[windows.device]
    kind = np.array([meter.kind for meter in meters], dtype=np.int64)[windows.device]
    margin = np.where(kind == Kind.POWER_W, BRIDGED_INTERVALS * interval, np.int64(ADJACENT_INTERVALS * interval))
    begin, end = windows.low - margin, windows.high + margin
    registers = np.flatnonzero(kind == Kind.REGISTER_KWH)
    if len(registers):
        begin[registers], end[registers] = _counted_neighbours(
            device_ids, windows.device[registers], windows.low[registers], windows.high[registers]
        )
    ids = [device_ids[d] for d in windows.device.tolist()]
    # The bounds of all windows let the planner leave out months; OFFSET 0 keeps it from joining whole months.
    series, at, value, state = fetch_columns(
        """
        SELECT (w.n - 1)::int4, r.at, r.value, r.state
        FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS w (device, begin, finish, n),
             LATERAL (SELECT at, value, state FROM readings_reading
                      WHERE device_id = w.device
                        AND at >= 'epoch'::timestamptz + w.begin * interval '1 microsecond'
                        AND at <= 'epoch'::timestamptz + w.finish * interval '1 microsecond'
                        AND at BETWEEN 'epoch'::timestamptz + %s * interval '1 microsecond'
                                   AND 'epoch'::timestamptz + %s * interval '1 microsecond'
                      ORDER BY at OFFSET 0) r
        ORDER BY w.n, r.at
        """,
        [array(ids), array(begin.tolist()), array(end.tolist()), int(begin.min()), int(end.max())],
        ("int4", "timestamptz", "float8", "int2"),
    )
    known = np.zeros(len(at), dtype=bool)
    if len(registers):
        stands = _stands(device_ids, windows, registers, begin, end)
        if stands:
            series, at, value, state, known = _with_stands(stands, series, at, value, state)
    return series, at, value, state, known, list(zip(begin.tolist(), end.tolist(), strict=True))


Stand = tuple[int, int, float, float]


def _stands(device_ids: list[str], windows: _Windows, registers: Ints, begin: Ints, end: Ints) -> list[Stand]:
    """Where registers are known to have stood: (window, instant, the old meter's end, the new one's beginning)."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT w.place, (extract(epoch FROM s.at) * 1000000)::bigint, s.final_register, s.first_register
            FROM unnest(%s::int[], %s::uuid[], %s::bigint[], %s::bigint[]) AS w (place, device, begin, finish)
            JOIN readings_registerstand s ON s.device_id = w.device
                AND s.at BETWEEN 'epoch'::timestamptz + w.begin * interval '1 microsecond'
                             AND 'epoch'::timestamptz + w.finish * interval '1 microsecond'
            ORDER BY 1, 2
            """,
            [
                array(registers.tolist()),
                array(device_ids[d] for d in windows.device[registers].tolist()),
                array(begin[registers].tolist()),
                array(end[registers].tolist()),
            ],
        )
        return list(cursor.fetchall())


def _with_stands(
    stands: list[Stand], series: Ints, at: Ints, value: Floats, state: Ints
) -> tuple[Ints, Ints, Floats, Ints, Bools]:
    twice = [row for row in stands for _ in range(2)]
    series = np.concatenate([series, np.array([row[0] for row in twice], dtype=np.int64)])
    at = np.concatenate([at, np.array([row[1] for row in twice], dtype=np.int64)])
    value = np.concatenate([value, np.array([stand for row in stands for stand in row[2:]])])
    state = np.concatenate([state, np.full(len(twice), State.ACCEPTED, dtype=np.int64)])
    known = np.arange(len(at)) >= len(at) - len(twice)
    # Stable: a reading of the same instant stays before them, and the end before the beginning.
    order = np.lexsort((at, series))
    return series[order], at[order], value[order], state[order], known[order]


def _widened(
    windows: _Windows,
    meters: list[Meter],
    series: Ints,
    at: Ints,
    state: Ints,
    decided: Ints,
    read: list[tuple[int, int]],
) -> _Windows | None:
    """Where a register's reading counts differently than before, its energy moves to the next one that counts: as far as that
    is, the hours must be computed too. None when the windows reach far enough already."""
    high = windows.high.copy()
    for window in np.unique(series[decided != state]).tolist():
        if meters[window].kind != Kind.REGISTER_KWH:
            continue
        rows = np.flatnonzero(series == window)
        last_changed = rows[decided[rows] != state[rows]][-1]
        following = rows[rows > last_changed]
        counted = following[np.isin(decided[following], (State.COUNTED, State.ACCEPTED))]
        if len(counted):
            needed = int(at[counted[0]])
        elif read[window][1] > high[window]:
            needed = read[window][1]  # what was the next to count does not any more: look behind it
        else:
            continue
        high[window] = max(high[window], (needed // HOUR + 1) * HOUR)
    if (high == windows.high).all():
        return None
    return _merge(windows.device, windows.low, high)


Columns = tuple[Ints, Ints, Floats, Ints, Ints, Ints, Floats]


def _columns(hours: Hours, inside: Any) -> Columns:
    return (
        hours.series[inside],
        hours.start[inside],
        hours.quarters[inside],
        hours.counts[inside],
        hours.whole[inside],
        hours.quality[inside],
        hours.exported[inside],
    )


def _with_emptied(columns: Columns, windows: _Windows, changed_windows: Ints) -> Columns:
    """Adds the hours that nothing is left of, so that what was stored for them goes."""
    found = set(zip(columns[0].tolist(), columns[1].tolist(), strict=True))
    empty = [
        (window, start)
        for window in changed_windows.tolist()
        for start in range(int(windows.low[window]), int(windows.high[window]), HOUR)
        if (window, start) not in found
    ]
    if not empty:
        return columns
    n = len(empty)
    more: Columns = (
        np.array([window for window, _ in empty], dtype=np.int64),
        np.array([start for _, start in empty], dtype=np.int64),
        np.full((n, 4), np.nan),
        np.zeros((n, 4), dtype=np.int64),
        np.zeros(n, dtype=np.int64),
        np.full(n, Quality.MISSING, dtype=np.int64),
        np.full((n, 4), np.nan),
    )
    return tuple(np.concatenate(pair) for pair in zip(columns, more, strict=True))  # type: ignore[return-value]
