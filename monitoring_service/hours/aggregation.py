"""Hours from the readings they rest on, in the transaction that changed those readings.

The caller holds the devices' rows in LastReading, so nobody else computes the same hours from an older picture meanwhile.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection

from monitoring_service.hours.energy import (
    ADJACENT_INTERVALS,
    BRIDGED_INTERVALS,
    HOUR,
    Floats,
    Hours,
    Ints,
    Kind,
    Meter,
    Quality,
    State,
    expected_readings,
    hours_of,
    reach,
)
from monitoring_service.hours.rows import array, fetch_columns, floats


@dataclass(frozen=True)
class ChangedHours:
    """The span of a device's hours that changed: starts of the first and the last, microseconds since 1970."""

    device_id: str
    first_us: int
    last_us: int


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
    windows = _merge(*_touched(device_ids, meters, device, at))
    while True:
        series, when, value, state, first = _load(device_ids, meters, windows)
        of_window = [meters[d] for d in windows.device.tolist()]
        hours, decided = hours_of(of_window, series, when, value, state)
        wider = _widened(windows, of_window, series, when, state, decided, first)
        if wider is None:
            break
        windows = wider
    changed = decided != state
    if changed.any():
        _store_states(device_ids, windows, series[changed], when[changed], value[changed], decided[changed])
    inside = (hours.start >= windows.low[hours.series]) & (hours.start < windows.high[hours.series])
    columns = _columns(hours, inside)
    if changed.any():
        columns = _with_emptied(columns, windows, np.unique(series[changed]))
    return _store_hours(device_ids, meters, windows, *columns)


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
    """The instants of the last counted reading at or before `low` and the first at or after `high`; else these themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce((SELECT (extract(epoch FROM r.at) * 1000000)::bigint FROM readings_reading r
                             WHERE r.device_id = w.device AND r.at <= 'epoch'::timestamptz + w.low * interval '1 microsecond'
                               AND r.state IN (0, 3) ORDER BY r.at DESC LIMIT 1), w.low),
                   coalesce((SELECT (extract(epoch FROM r.at) * 1000000)::bigint FROM readings_reading r
                             WHERE r.device_id = w.device AND r.at >= 'epoch'::timestamptz + w.high * interval '1 microsecond'
                               AND r.state IN (0, 3) ORDER BY r.at LIMIT 1), w.high)
            FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) WITH ORDINALITY AS w (device, low, high, n) ORDER BY w.n
            """,
            [array(device_ids[d] for d in device.tolist()), array(low.tolist()), array(high.tolist())],
        )
        found = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _load(
    device_ids: list[str], meters: list[Meter], windows: _Windows
) -> tuple[Ints, Ints, Floats, Ints, list[tuple[int, int]]]:
    """All rows that the windows' energy rests on: (window, at, value, state), sorted, and what range was read for each."""
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
    return series, at, value, state, list(zip(begin.tolist(), end.tolist(), strict=True))


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


Columns = tuple[Ints, Ints, Floats, Ints, Ints, Ints]


def _columns(hours: Hours, inside: Any) -> Columns:
    return (
        hours.series[inside],
        hours.start[inside],
        hours.quarters[inside],
        hours.counts[inside],
        hours.whole[inside],
        hours.quality[inside],
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
    )
    return tuple(np.concatenate(pair) for pair in zip(columns, more, strict=True))  # type: ignore[return-value]


def _store_states(device_ids: list[str], windows: _Windows, series: Ints, at: Ints, value: Floats, state: Ints) -> None:
    """Rows that count otherwise than before; what is held from now on is put on the operator's list, what is not leaves it."""
    rows = [array(device_ids[d] for d in windows.device[series].tolist()), array(at.tolist())]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE readings_reading r SET state = i.state
            FROM unnest(%s::uuid[], %s::bigint[], %s::smallint[]) AS i (device_id, at, state)
            WHERE r.device_id = i.device_id AND r.at = 'epoch'::timestamptz + i.at * interval '1 microsecond'
            """,
            [*rows, array(state.tolist())],
        )
        cursor.execute(
            f"""
            WITH i AS MATERIALIZED (
                SELECT device_id, 'epoch'::timestamptz + at * interval '1 microsecond' AS at, value, state
                FROM unnest(%s::uuid[], %s::bigint[], %s::float8[], %s::smallint[]) AS u (device_id, at, value, state)),
            cleared AS (
                DELETE FROM readings_doubtfulreading d USING i
                WHERE d.device_id = i.device_id AND d.at = i.at AND i.state = {State.COUNTED:d} AND d.decision IS NULL)
            INSERT INTO readings_doubtfulreading AS d (id, device_id, at, value, reason)
            SELECT gen_random_uuid(), device_id, at, value,
                   CASE state WHEN {State.HELD_DIP:d} THEN 'dip' ELSE 'implausible' END
            FROM i WHERE state IN ({State.HELD_DIP:d}, {State.HELD_IMPLAUSIBLE:d})
            ON CONFLICT (device_id, at) DO UPDATE SET reason = EXCLUDED.reason WHERE d.decision IS NULL
            """,
            [*rows, floats(value.tolist()), array(state.tolist())],
        )


def _store_hours(
    device_ids: list[str],
    meters: list[Meter],
    windows: _Windows,
    series: Ints,
    start: Ints,
    quarters: Floats,
    counts: Ints,
    whole: Ints,
    quality: Ints,
) -> list[ChangedHours]:
    if not len(start):
        return []
    device = windows.device[series]
    order = np.lexsort((start, device))
    device, start, quarters, counts = device[order], start[order], quarters[order], counts[order]
    whole, quality = whole[order], quality[order]
    kwh = np.where(np.isnan(quarters).all(axis=1), np.nan, np.nansum(quarters, axis=1))
    expected = np.array([expected_readings(meter.interval_us) or np.nan for meter in meters])[device]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO hours_hour AS h (device_id, start, q1, q2, q3, q4, kwh, expected, n1, n2, n3, n4, readings, whole,
                                         quality, version, published_version)
            SELECT (%s::uuid[])[i.device + 1], 'epoch'::timestamptz + i.start * interval '1 microsecond',
                   i.q1, i.q2, i.q3, i.q4, i.kwh, i.expected, i.n1, i.n2, i.n3, i.n4, i.n1 + i.n2 + i.n3 + i.n4, i.whole,
                   i.quality, 1, 0
            FROM unnest(%s::int[], %s::bigint[], {", ".join(["%s::float8[]"] * 6)}, {", ".join(["%s::int[]"] * 4)},
                        %s::smallint[], %s::smallint[])
                 AS i (device, start, q1, q2, q3, q4, kwh, expected, n1, n2, n3, n4, whole, quality)
            WHERE i.kwh IS NOT NULL OR i.n1 + i.n2 + i.n3 + i.n4 > 0 OR EXISTS (
                SELECT FROM hours_hour e WHERE e.device_id = (%s::uuid[])[i.device + 1]
                                           AND e.start = 'epoch'::timestamptz + i.start * interval '1 microsecond')
            ON CONFLICT (device_id, start) DO UPDATE SET
                (q1, q2, q3, q4, kwh, expected, n1, n2, n3, n4, readings, whole) = (
                    EXCLUDED.q1, EXCLUDED.q2, EXCLUDED.q3, EXCLUDED.q4, EXCLUDED.kwh, EXCLUDED.expected,
                    EXCLUDED.n1, EXCLUDED.n2, EXCLUDED.n3, EXCLUDED.n4, EXCLUDED.readings, EXCLUDED.whole),
                version = h.version + 1,
                revised_at = CASE WHEN {_CHANGED_LATE} THEN now() ELSE h.revised_at END,
                quality = CASE WHEN EXCLUDED.quality = {Quality.MEASURED} AND (h.revised_at IS NOT NULL OR {_CHANGED_LATE})
                               THEN {Quality.LATE} ELSE EXCLUDED.quality END
            WHERE (h.q1, h.q2, h.q3, h.q4, h.expected, h.n1, h.n2, h.n3, h.n4, h.whole,
                   CASE h.quality WHEN {Quality.LATE} THEN {Quality.MEASURED} ELSE h.quality END)
                  IS DISTINCT FROM
                  (EXCLUDED.q1, EXCLUDED.q2, EXCLUDED.q3, EXCLUDED.q4, EXCLUDED.expected, EXCLUDED.n1, EXCLUDED.n2,
                   EXCLUDED.n3, EXCLUDED.n4, EXCLUDED.whole, EXCLUDED.quality::int)
            RETURNING device_id::text, (extract(epoch FROM start) * 1000000)::bigint
            """,
            [
                (ids := array(device_ids)),
                array(device.tolist()),
                array(start.tolist()),
                *(floats(quarters[:, i].tolist()) for i in range(4)),
                floats(kwh.tolist()),
                floats(expected.tolist()),
                *(array(counts[:, i].tolist()) for i in range(4)),
                array(whole.tolist()),
                array(quality.tolist()),
                ids,
                settings.GRACE_MINUTES,
                settings.GRACE_MINUTES,
            ],
        )
        spans: dict[str, tuple[int, int]] = {}
        for device_id, start_us in cursor.fetchall():
            low, high = spans.get(device_id, (start_us, start_us))
            spans[device_id] = (min(low, start_us), max(high, start_us))
    return [ChangedHours(device_id, low, high) for device_id, (low, high) in sorted(spans.items())]


# Complete, and changed after its end and the grace time; filling an hour that was partial or an estimate is no revision.
_CHANGED_LATE = f"""(h.quality IN ({Quality.MEASURED}, {Quality.LATE})
                     AND now() > h.start + interval '1 hour' + %s * interval '1 minute')"""
