"""Accelerated time starts in the past, reaches now and stays there."""

import math

import pytest

from device_simulator.clock import SimulationClock


def test_an_accelerated_clock_catches_up_and_then_keeps_real_time() -> None:
    clock = SimulationClock(start=0, acceleration=60, started_at=3_600)

    assert clock.at(3_600) == 0
    assert clock.at(3_610) == 600
    assert clock.at(3_700) == 3_700
    assert clock.at(9_999) == 9_999


@pytest.mark.parametrize("acceleration", [1, 60, math.inf])
def test_no_clock_is_ever_ahead_of_now(acceleration: float) -> None:
    clock = SimulationClock(start=5_000, acceleration=acceleration, started_at=4_000)

    assert all(clock.at(real) <= real for real in (3_000, 4_000, 4_001, 5_000, 6_000))


def test_waiting_ends_when_the_simulated_instant_is_reached() -> None:
    clock = SimulationClock(start=0, acceleration=60, started_at=3_600)

    wait = clock.real_seconds_until(600, real=3_600)

    assert wait == 10
    assert clock.at(3_600 + wait) == 600


def test_waiting_for_an_instant_after_now_takes_real_time() -> None:
    clock = SimulationClock(start=0, acceleration=60, started_at=0)

    wait = clock.real_seconds_until(1_000, real=900)

    assert wait == 100
    assert clock.real_seconds_until(800, real=900) == 0
