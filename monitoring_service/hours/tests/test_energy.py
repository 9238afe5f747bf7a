"""The arithmetic of meters: what readings of each kind make of an hour, whatever their order."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_service.hours.energy import HOUR, SECOND, Hours, Kind, Meter, Quality, State, hours_of

MINUTE = 60 * SECOND
INTERVAL = Meter(Kind.INTERVAL_KWH, 10 * MINUTE)
POWER = Meter(Kind.POWER_W, 10 * MINUTE)
REGISTER = Meter(Kind.REGISTER_KWH, 10 * MINUTE)


def computed(meter: Meter, readings: dict[int, float]) -> tuple[Hours, list[int]]:
    """The hours of readings given as {minute: value}, and the state of each."""
    at = np.array(sorted(readings), dtype=np.int64)
    value = np.array([readings[minute] for minute in sorted(readings)], dtype=np.float64)
    zeros = np.zeros(len(at), dtype=np.int64)
    hours, state = hours_of([meter], zeros, at * MINUTE, value, zeros)
    return hours, state.tolist()


def by_hour(hours: Hours) -> dict[int, Any]:
    """{hour: (kWh, quality)}"""
    kwh = [None if np.isnan(q).all() else float(np.nansum(q)) for q in hours.quarters]
    names = [Quality(q).name.lower() for q in hours.quality.tolist()]
    return dict(zip((hours.start // HOUR).tolist(), zip(kwh, names, strict=True), strict=True))


def test_six_intervals_make_a_measured_hour() -> None:
    hours, _ = computed(INTERVAL, dict.fromkeys(range(10, 70, 10), 0.2))

    assert by_hour(hours) == {0: (pytest.approx(1.2), "measured")}
    assert hours.counts.tolist() == [[1, 2, 1, 2]]
    assert hours.quarters.tolist() == [pytest.approx([0.3, 0.3, 0.3, 0.3])]


def test_a_reading_at_the_full_hour_belongs_to_the_hour_before() -> None:
    hours, _ = computed(INTERVAL, {60: 0.2})

    assert by_hour(hours) == {0: (pytest.approx(0.2), "partial")}


def test_an_interval_over_the_edge_is_split_by_time() -> None:
    hours, _ = computed(INTERVAL, {65: 0.2})

    assert by_hour(hours) == {0: (pytest.approx(0.1), "partial"), 1: (pytest.approx(0.1), "partial")}


def test_a_jittering_clock_leaves_no_hour_partial() -> None:
    at = np.arange(1, 13) * 10 * MINUTE + np.array([0, 3, -2, 4, 1, 0, 2, -4, 3, 0, 1, 2]) * SECOND
    zeros = np.zeros(12, dtype=np.int64)

    hours, _ = hours_of([INTERVAL], zeros, at, np.full(12, 0.2), zeros)

    assert [Quality(q).name for q in hours.quality.tolist()[:2]] == ["MEASURED", "MEASURED"]
    assert np.nansum(hours.quarters) == pytest.approx(2.4)


def test_an_interval_longer_than_an_hour_is_an_estimate_for_each() -> None:
    hours, _ = computed(Meter(Kind.INTERVAL_KWH, 180 * MINUTE), {180: 3.0})

    assert by_hour(hours) == {n: (pytest.approx(1.0), "estimated") for n in range(3)}


def test_power_is_integrated_between_readings() -> None:
    hours, _ = computed(POWER, {minute: 1000 + 10 * minute for minute in range(0, 70, 10)})

    # A straight line from 1000 W to 1600 W over an hour.
    assert by_hour(hours)[0] == (pytest.approx(1.3), "measured")


def test_power_is_interpolated_at_the_edge_and_complete_with_the_next_reading() -> None:
    before, _ = computed(POWER, dict.fromkeys(range(-5, 56, 10), 600))
    after, _ = computed(POWER, dict.fromkeys(range(-5, 66, 10), 600))

    assert by_hour(before)[0] == (pytest.approx(0.55), "partial")
    assert by_hour(after)[0] == (pytest.approx(0.6), "measured")


def test_a_power_gap_longer_than_three_intervals_is_missing() -> None:
    hours, _ = computed(POWER, {0: 1200, 10: 1200, 41: 1200, 51: 1200, 81: 1200})

    assert by_hour(hours)[0] == (pytest.approx(1.2 * (10 + 10 + 9) / 60), "partial")
    assert by_hour(hours)[1] == (pytest.approx(1.2 * 21 / 60), "partial")


def test_grid_import_counts_what_is_above_zero() -> None:
    meter = Meter(Kind.POWER_W, 10 * MINUTE, signed=True)

    hours, _ = computed(meter, {0: 1200, 20: -1200, 40: -1200, 60: 0})

    assert by_hour(hours)[0] == (pytest.approx(1.2 * 10 / 60 / 2), "measured")
    assert not (hours.quarters < 0).any()


def test_a_register_yields_differences_and_its_first_reading_nothing() -> None:
    hours, _ = computed(REGISTER, {minute: 500 + minute / 100 for minute in range(0, 70, 10)})

    assert by_hour(hours)[0] == (pytest.approx(0.6), "measured")
    assert by_hour(hours)[-1] == (None, "missing")


def test_a_register_over_a_gap_keeps_the_whole_amount_as_an_estimate() -> None:
    hours, _ = computed(REGISTER, {0: 10, 10: 11, 190: 14})

    assert by_hour(hours) == {
        -1: (None, "missing"),
        0: (pytest.approx(1 + 3 * 50 / 180), "estimated"),
        1: (pytest.approx(1.0), "estimated"),
        2: (pytest.approx(1.0), "estimated"),
        3: (pytest.approx(3 * 10 / 180), "estimated"),
    }


def test_a_register_that_restarts_counts_from_zero() -> None:
    hours, _ = computed(REGISTER, {0: 100, 10: 101, 20: 0.5, 30: 1.0})

    assert by_hour(hours)[0] == (pytest.approx(2.0), "reset")


def test_a_dip_is_held_and_counting_goes_on_from_before_it() -> None:
    hours, state = computed(REGISTER, {0: 100, 10: 99, 20: 101})

    assert state == [State.COUNTED, State.HELD_DIP, State.COUNTED]
    assert by_hour(hours)[0][0] == pytest.approx(1.0)


def test_a_register_that_rolls_over_counts_the_tail() -> None:
    meter = Meter(Kind.REGISTER_KWH, 10 * MINUTE, register_max=1000)

    hours, _ = computed(meter, {0: 999.5, 10: 0.5})

    assert by_hour(hours)[0] == (pytest.approx(1.0), "partial")


@pytest.mark.parametrize(
    ("kind", "readings"),
    [
        (Kind.INTERVAL_KWH, {10: 0.2, 20: 0.6}),
        (Kind.POWER_W, {10: 2000, 20: 3500}),
        (Kind.REGISTER_KWH, {10: 5.0, 20: 5.6}),
    ],
)
def test_what_a_device_cannot_physically_take_is_held(kind: Kind, readings: dict[int, float]) -> None:
    meter = Meter(kind, 10 * MINUTE, rated_power_w=2000)

    _, state = computed(meter, readings)

    assert state == [State.COUNTED, State.HELD_IMPLAUSIBLE]


registers = st.lists(st.tuples(st.integers(1, 200), st.floats(0, 5)), min_size=2, max_size=60)


@given(registers)
def test_the_hours_of_a_register_sum_to_its_difference(steps: list[tuple[int, float]]) -> None:
    minute, count, readings = 0, 1000.0, {0: 1000.0}
    for minutes, kwh in steps:
        minute, count = minute + minutes, count + kwh
        readings[minute] = count

    hours, _ = computed(REGISTER, readings)

    assert float(np.nansum(hours.quarters)) == pytest.approx(count - 1000.0, abs=1e-9)


@given(st.dictionaries(st.integers(0, 3000), st.floats(0, 10), min_size=1, max_size=80))
def test_the_hours_of_intervals_sum_to_their_energy(readings: dict[int, float]) -> None:
    hours, _ = computed(INTERVAL, readings)

    assert float(np.nansum(hours.quarters)) == pytest.approx(math.fsum(readings.values()), abs=1e-9)
    assert hours.counts.sum() == len(readings)


@given(
    st.dictionaries(st.integers(0, 600), st.floats(0, 5000), min_size=2, max_size=40),
    st.sampled_from([INTERVAL, POWER, REGISTER]),
    st.integers(0, 600),
)
def test_an_hour_does_not_depend_on_readings_far_away(readings: dict[int, float], meter: Meter, cut: int) -> None:
    """Whole hours computed from everything equal those computed from the neighbourhood, bit by bit."""
    if meter.kind == Kind.REGISTER_KWH:
        readings = dict(zip(sorted(readings), sorted(readings.values()), strict=True))
    whole = _cells(computed(meter, readings)[0])
    low, high = cut // 60, cut // 60 + 1
    begin, end = low * 60 - 30, high * 60 + 30
    if meter.kind == Kind.REGISTER_KWH:  # its neighbours count, however far they are
        begin = max((m for m in readings if m <= low * 60), default=begin)
        end = min((m for m in readings if m >= high * 60), default=end)
    near = {m: v for m, v in readings.items() if begin <= m <= end}
    if not near:
        return

    part = _cells(computed(meter, near)[0])

    assert part.get(low) == whole.get(low)


def _cells(hours: Hours) -> dict[int, Any]:
    rows = zip(hours.quarters.tolist(), hours.counts.tolist(), hours.quality.tolist(), strict=True)
    return {
        start: ([None if math.isnan(q) else q for q in quarters], counts, quality)
        for start, (quarters, counts, quality) in zip((hours.start // HOUR).tolist(), rows, strict=True)
    }


def test_what_goes_out_through_a_signed_meter_is_its_export() -> None:
    meter = Meter(Kind.POWER_W, 10 * MINUTE, signed=True)
    readings = {0: 600.0, 10: 600, 20: -600, 30: -600, 40: -600, 50: 0, 60: 0}

    hours, _ = computed(meter, readings)

    imported, exported = float(np.nansum(hours.quarters)), float(np.nansum(hours.exported))
    assert imported == pytest.approx(0.1 + 0.025)
    assert exported == pytest.approx(0.025 + 0.1 + 0.1 + 0.05)
    net = sum((readings[m] + readings[m + 10]) / 2 / 6 / 1000 for m in range(0, 60, 10))
    assert imported - exported == pytest.approx(net)
    assert by_hour(hours)[0][1] == "measured"


def test_no_other_meter_has_an_export() -> None:
    for meter in (INTERVAL, POWER, REGISTER):
        hours, _ = computed(meter, dict.fromkeys(range(0, 70, 10), 5.0))
        assert np.isnan(hours.exported).all()
    both = [POWER, Meter(Kind.POWER_W, 10 * MINUTE, signed=True)]
    series = np.repeat(np.arange(2), 7)
    at = np.tile(np.arange(0, 70, 10) * MINUTE, 2).astype(np.int64)
    hours, _ = hours_of(both, series, at, np.full(14, 60.0), np.zeros(14, dtype=np.int64))
    assert np.isnan(hours.exported[hours.series == 0]).all()
    assert hours.exported[(hours.series == 1) & (hours.start == 0)].tolist() == [[0, 0, 0, 0]]


@given(
    st.lists(st.floats(0, 50), min_size=2, max_size=60),
    st.lists(st.integers(1, 400), min_size=60, max_size=60),
)
def test_the_hours_of_a_register_add_up_to_what_it_counted(steps: list[float], gaps: list[int]) -> None:
    at = np.cumsum(np.array(gaps[: len(steps)], dtype=np.int64)) * MINUTE
    value = np.cumsum(np.array(steps))

    hours, _ = hours_of([REGISTER], np.zeros(len(at), dtype=np.int64), at, value, np.zeros(len(at), dtype=np.int64))

    assert float(np.nansum(hours.quarters)) == pytest.approx(value[-1] - value[0], abs=1e-9)


@given(st.permutations(range(24)), st.integers(1, 23), st.sampled_from([INTERVAL, POWER, REGISTER]))
def test_hours_are_those_of_the_set_of_readings(order: list[int], cut: int, meter: Meter) -> None:
    """Given the same readings twice, in any order, the sum of the same instants runs in the same order: equal to the bit."""
    readings = {n * 10: 100.0 + n * 1.1 for n in order}
    again = {n * 10: 100.0 + n * 1.1 for n in (*order[cut:], *order[:cut])}

    first, second = computed(meter, readings)[0], computed(meter, again)[0]

    assert first.quarters.tobytes() == second.quarters.tobytes()
    assert (first.counts == second.counts).all()
