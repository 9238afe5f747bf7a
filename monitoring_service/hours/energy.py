"""From readings to energy by the hour: pure functions on arrays, by the conventions of metering.md.

Instants are int64 microseconds since 1970 UTC, energy is kWh, power W. Rows come in any number of series (one device's
readings around some hours), each series in one run of rows, sorted by instant. The same set of rows gives the same floats
however it arrived, because sums run in the order of the instants.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SECOND = 1_000_000
QUARTER = 900 * SECOND
HOUR = 4 * QUARTER
# A silence of up to three intervals is bridged; a longer one is a gap.
BRIDGED_INTERVALS = 3
# Meters' clocks jitter: two interval readings up to this many intervals apart leave nothing uncovered between them.
ADJACENT_INTERVALS = 1.5
RESET_BELOW = 0.9
PLAUSIBLE_FACTOR = 1.5


class Kind(IntEnum):
    """What the number of a reading means."""

    INTERVAL_KWH = 0
    POWER_W = 1
    REGISTER_KWH = 2


class State(IntEnum):
    """Whether a stored reading counts. Only an operator sets the last two."""

    COUNTED = 0
    HELD_DIP = 1
    HELD_IMPLAUSIBLE = 2
    ACCEPTED = 3
    DISCARDED = 4


class Quality(IntEnum):
    """In order of precedence: the first that holds is the hour's."""

    MISSING = 0
    RESET = 1
    ESTIMATED = 2
    PARTIAL = 3
    LATE = 4
    MEASURED = 5


class Meter(NamedTuple):
    """What the arithmetic must know of a device."""

    kind: Kind
    interval_us: int
    rated_power_w: float | None = None
    register_max: float | None = None
    signed: bool = False  # grid_import: power below zero is export, counted apart, and no import
    frozen_until_us: int = 0  # hours before rest on readings that were dropped, and are not computed again


@dataclass(frozen=True)
class Hours:
    """Columns of equal length, one row an hour that holds a reading or is covered, sorted by (series, start)."""

    series: Ints
    start: Ints
    quarters: Floats  # (n, 4) kWh; NaN where nothing is known
    counts: Ints  # (n, 4) readings with quarter start < timestamp <= quarter end
    whole: Ints  # bits 0 to 3: the quarter is wholly covered
    quality: Ints  # Quality; never LATE, which only the hour's history can tell
    exported: Floats  # (n, 4) kWh that went the other way through a signed meter; NaN for all others


@dataclass(frozen=True)
class _Segments:
    """Time in which power runs straight from `first` to `last` (kW)."""

    series: Ints
    start: Ints
    end: Ints
    first: Floats
    last: Floats
    estimated: Bools
    reset: Bools


def reach(meter: Meter) -> tuple[int, int]:
    """How far before and after its instant (microseconds) a new reading may change energy or coverage.

    A register's reach is its neighbours', however far: the caller looks them up.
    """
    if meter.kind == Kind.INTERVAL_KWH:
        return int(ADJACENT_INTERVALS * meter.interval_us), int((ADJACENT_INTERVALS - 1) * meter.interval_us)
    if meter.kind == Kind.POWER_W:
        return (
            BRIDGED_INTERVALS * meter.interval_us,
            BRIDGED_INTERVALS * meter.interval_us,
        )
    return 0, 0


def hours_of(
    meters: list[Meter], series: Ints, at: Ints, value: Floats, state: Ints, known: Bools | None = None
) -> tuple[Hours, Ints]:
    """The hours that these readings make, and each row's State as it must be.

    `meters[s]` describes series `s`; `series, at, value, state` are rows sorted by (series, at) without doubles.
    Rows marked `known` are no readings but where a register is known to have stood (ACCEPTED), two for one instant: where the
    old meter ended and where the new one began. A reading of that very instant adds nothing to what is known.
    """
    known = np.zeros(len(at), dtype=bool) if known is None else known
    told = ~known & _of_a_known_instant(series, at, known)
    state = _classify(meters, series, at, value, state, known, told)
    counted = (state == State.COUNTED) | (state == State.ACCEPTED)
    readings, counts = counted & ~known, counted & ~told
    s, t, v, k = series[counts], at[counts], value[counts], known[counts]
    kind = np.array([meter.kind for meter in meters], dtype=np.int64)
    span = np.array([meter.interval_us for meter in meters], dtype=np.int64)
    segments, exports, covered = [], [], []
    for each, make in (
        (Kind.INTERVAL_KWH, _interval_segments),
        (Kind.POWER_W, _power_segments),
        (Kind.REGISTER_KWH, _register_segments),
    ):
        rows = kind[s] == each
        if rows.any():
            made, cover = make(meters, s[rows], t[rows], v[rows], span[s[rows]], k[rows])
            segments.append(made)
            covered.append(cover)
    signed = np.array([meter.signed for meter in meters], dtype=bool)
    if (out := signed[s] & (kind[s] == Kind.POWER_W)).any():
        exports.append(_power_segments(meters, s[out], t[out], -v[out], span[s[out]], k[out])[0])
    return _by_hour(segments, exports, covered, series[readings], at[readings], signed), state


def _of_a_known_instant(series: Ints, at: Ints, known: Bools) -> Bools:
    found = np.zeros(len(at), dtype=bool)
    for row in np.flatnonzero(known).tolist():
        found |= (series == series[row]) & (at == at[row])
    return found


def _classify(
    meters: list[Meter], series: Ints, at: Ints, value: Floats, state: Ints, known: Bools, told: Bools
) -> Ints:
    state = state.copy()
    undecided = state <= State.HELD_IMPLAUSIBLE
    state[undecided] = State.COUNTED
    rated = np.array([np.inf if m.rated_power_w is None else m.rated_power_w for m in meters])
    kind = np.array([m.kind for m in meters], dtype=np.int64)
    span = np.array([m.interval_us for m in meters], dtype=np.int64)
    limit = rated * PLAUSIBLE_FACTOR
    of_row = kind[series]
    limit_kwh = limit[series] / 1000 * span[series] / HOUR
    too_much = ((of_row == Kind.INTERVAL_KWH) & (value > limit_kwh)) | (
        (of_row == Kind.POWER_W) & (np.abs(value) > limit[series])
    )
    state[undecided & too_much] = State.HELD_IMPLAUSIBLE
    registers = of_row == Kind.REGISTER_KWH
    if registers.any():
        edges = np.flatnonzero(np.diff(series)) + 1
        for first, last in zip([0, *edges.tolist()], [*edges.tolist(), len(series)], strict=True):
            if registers[first]:
                meter = meters[int(series[first])]
                of = slice(first, last)
                state[of] = _classify_register(meter, at[of], value[of], state[of], known[of], told[of])
    return state


def _classify_register(meter: Meter, at: Ints, value: Floats, state: Ints, known: Bools, told: Bools) -> Ints:
    """A register's readings against the last one that counted, or where it is known to have stood after that."""
    if meter.rated_power_w is None and (state == State.COUNTED).all() and (np.diff(value) >= 0).all():
        return state
    state = state.copy()
    base: float | None = None
    base_at = 0
    for i in range(len(value)):
        if state[i] == State.DISCARDED or told[i]:
            continue
        if base is not None and state[i] != State.ACCEPTED:
            energy, _ = _register_step(base, float(value[i]), meter.register_max)
            if energy is None:
                state[i] = State.HELD_DIP
            elif meter.rated_power_w is not None and energy > (
                meter.rated_power_w / 1000 * PLAUSIBLE_FACTOR * (int(at[i]) - base_at) / HOUR
            ):
                state[i] = State.HELD_IMPLAUSIBLE
            if state[i] != State.COUNTED:
                continue
        base, base_at = float(value[i]), int(at[i])
    return state


def _register_step(base: float, value: float, register_max: float | None) -> tuple[float | None, bool]:
    """The energy between two counts and whether the counter restarted; None for a dip."""
    if value >= base:
        return value - base, False
    if register_max and base > 0.9 * register_max and value < 0.1 * register_max:
        return register_max - base + value, False
    if value < RESET_BELOW * base:
        return value, True
    return None, False


def _interval_segments(
    meters: list[Meter],
    series: Ints,
    at: Ints,
    value: Floats,
    span: Ints,
    known: Bools,
) -> tuple[_Segments, tuple[Ints, Ints, Ints]]:
    power = value / (span / HOUR)
    none = np.zeros(len(at), dtype=bool)
    segments = _Segments(series, at - span, at, power, power, span > HOUR, none)
    begins = at - span
    if len(at) > 1:
        gap = at[1:] - at[:-1]
        adjacent = (series[1:] == series[:-1]) & (gap <= ADJACENT_INTERVALS * span[1:])
        begins[1:] = np.where(adjacent, at[:-1], begins[1:])
    return segments, (series, begins, at)


def _power_segments(
    meters: list[Meter],
    series: Ints,
    at: Ints,
    value: Floats,
    span: Ints,
    known: Bools,
) -> tuple[_Segments, tuple[Ints, Ints, Ints]]:
    joined = (series[1:] == series[:-1]) & (at[1:] - at[:-1] <= BRIDGED_INTERVALS * span[1:])
    s, start, end = series[1:][joined], at[:-1][joined], at[1:][joined]
    first, last = value[:-1][joined] / 1000, value[1:][joined] / 1000
    cover = (s, start, end)
    if (first < 0).any() or (last < 0).any():
        s, start, end, first, last = _positive_part(s, start, end, first, last)
    none = np.zeros(len(s), dtype=bool)
    return _Segments(s, start, end, first, last, none, none), cover


def _positive_part(
    series: Ints, start: Ints, end: Ints, first: Floats, last: Floats
) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """The part above zero: a line that crosses zero is cut there, one below it becomes zero."""
    crosses = first * last < 0
    share = np.divide(first, first - last, out=np.zeros_like(first), where=crosses)
    zero = start + np.rint((end - start) * share).astype(np.int64)
    rising = crosses & (last > 0)
    falling = crosses & (first > 0)
    return (
        series,
        np.where(rising, zero, start),
        np.where(falling, zero, end),
        np.maximum(first, 0),
        np.maximum(last, 0),
    )


def _register_segments(
    meters: list[Meter],
    series: Ints,
    at: Ints,
    value: Floats,
    span: Ints,
    known: Bools,
) -> tuple[_Segments, tuple[Ints, Ints, Ints]]:
    # From the old meter's end to the new one's beginning no time passes.
    joined = (series[1:] == series[:-1]) & (at[1:] > at[:-1])
    s, start, end = series[1:][joined], at[:-1][joined], at[1:][joined]
    before, after, ends_known = value[:-1][joined], value[1:][joined], known[1:][joined]
    energy, reset = after - before, np.zeros(len(s), dtype=bool)
    for i in np.flatnonzero(energy < 0).tolist():
        step, restarted = _register_step(float(before[i]), float(after[i]), meters[int(s[i])].register_max)
        # A dip that an operator accepted is where the counter really stands: counting goes on from there. So is the end of
        # a meter that was noted lower than its last reading.
        energy[i], reset[i] = (0.0, False) if ends_known[i] else (step or 0.0, restarted)
    power = energy / ((end - start) / HOUR)
    estimated = end - start > BRIDGED_INTERVALS * span[1:][joined]
    return _Segments(s, start, end, power, power, estimated, reset), (s, start, end)


def _spread(start: Ints, end: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Each stretch cut at the quarters' edges: (its row, quarter start, piece start, piece end)."""
    first = start // QUARTER
    pieces = np.maximum(-(-end // QUARTER) - first, 0)
    row = np.repeat(np.arange(len(start)), pieces)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    quarter = (first[row] + offset) * QUARTER
    return (
        row,
        quarter,
        np.maximum(start[row], quarter),
        np.minimum(end[row], quarter + QUARTER),
    )


def _by_hour(
    segments: list[_Segments],
    exports: list[_Segments],
    covered: list[tuple[Ints, Ints, Ints]],
    series: Ints,
    at: Ints,
    signed: Bools,
) -> Hours:
    keys, starts, energies, exported, spent, estimated, reset = [], [], [], [], [], [], []
    for part, is_export in [*((part, False) for part in segments), *((part, True) for part in exports)]:
        row, quarter, a, b = _spread(part.start, part.end)
        length = np.maximum(part.end - part.start, 1)[row]
        slope = (part.last - part.first)[row]
        middle = part.first[row] + slope * (((a - part.start[row]) + (b - part.start[row])) / 2 / length)
        keys.append(part.series[row])
        starts.append(quarter)
        energy = middle * ((b - a) / HOUR)
        nothing = np.zeros(len(row))
        energies.append(nothing if is_export else energy)
        exported.append(energy if is_export else nothing)
        spent.append(np.zeros(len(row), dtype=np.int64))
        estimated.append(part.estimated[row])
        reset.append(part.reset[row])
    for of, begins, ends in covered:
        row, quarter, a, b = _spread(begins, ends)
        keys.append(of[row])
        starts.append(quarter)
        energies.append(np.zeros(len(row)))
        exported.append(np.zeros(len(row)))
        spent.append(b - a)
        estimated.append(np.zeros(len(row), dtype=bool))
        reset.append(np.zeros(len(row), dtype=bool))
    counted_quarter = -(-at // QUARTER) * QUARTER - QUARTER
    key = np.concatenate([*keys, series])
    quarter = np.concatenate([*starts, counted_quarter])
    rows_of_pieces = len(key) - len(series)
    hour = quarter // HOUR * HOUR
    order = np.lexsort((quarter, hour, key))
    change = np.ones(len(order), dtype=bool)
    change[1:] = (np.diff(key[order]) != 0) | (np.diff(hour[order]) != 0)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.cumsum(change) - 1
    n = int(change.sum())
    cell = place * 4 + (quarter - hour) // QUARTER
    pieces = cell[:rows_of_pieces]
    size = n * 4

    def total(weights: NDArray[np.generic]) -> Floats:
        return np.bincount(pieces, weights=weights, minlength=size)[:size].astype(np.float64)

    none = np.empty(0)
    sums = total(np.concatenate([none, *energies]))
    seconds = total(np.concatenate([none, *spent]))
    is_estimated = total(np.concatenate([none, *estimated])).reshape(n, 4).any(axis=1)
    is_reset = total(np.concatenate([none, *reset])).reshape(n, 4).any(axis=1)
    counts = np.bincount(cell[rows_of_pieces:], minlength=size)[:size].reshape(n, 4)
    touched = np.bincount(pieces, minlength=size)[:size] > 0
    quarters = np.where(touched, sums, np.nan).reshape(n, 4)
    # Coverage never exceeds the quarter but for intervals that overlap, which leave it whole.
    whole_cells = (seconds >= QUARTER).reshape(n, 4)
    whole = (whole_cells * np.array([1, 2, 4, 8])).sum(axis=1).astype(np.int64)
    quality = np.select(
        [np.isnan(quarters).all(axis=1), is_reset, is_estimated, whole != 15],
        [Quality.MISSING, Quality.RESET, Quality.ESTIMATED, Quality.PARTIAL],
        default=Quality.MEASURED,
    ).astype(np.int64)
    first = order[change]
    out = np.full((n, 4), np.nan)
    if exports:
        of_signed = touched.reshape(n, 4) & signed[key[first]][:, None]
        out = np.where(of_signed, total(np.concatenate([none, *exported])).reshape(n, 4), np.nan)
    return Hours(key[first], hour[first], quarters, counts.astype(np.int64), whole, quality, out)


def expected_readings(interval_us: int) -> float | None:
    """Readings in a full hour; None when the interval is longer than an hour."""
    return None if interval_us > HOUR else HOUR / interval_us
