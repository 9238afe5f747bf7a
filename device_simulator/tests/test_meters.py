"""What a simulated meter shows depends on seed, device and instant, and on nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from device_simulator.meters import (
    COUNTED_SINCE,
    Meter,
    counter_kwh,
    energy_kwh,
    next_instant,
    reading_at,
    readings_between,
)

ALICE = "00000000-0000-4000-8000-00000000a11c"
HOME = Meter(ALICE)


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("hours", "factor"),
    [(range(6), 0.5), (range(6, 9), 1.2), (range(9, 17), 0.8), (range(17, 22), 1.5), (range(22, 24), 0.7)],
)
def test_each_day_time_has_its_factor_and_ten_percent_of_noise(hours: range, factor: float) -> None:
    shown = [energy_kwh(HOME, at(f"2026-01-31T{hour:02}:{minute:02}")) for hour in hours for minute in (10, 30, 50)]

    assert all(0.9 * 0.2 * factor <= value <= 1.1 * 0.2 * factor for value in shown)
    assert len(set(shown)) == len(shown)


def test_the_reading_on_the_hour_belongs_to_the_hour_that_ends_there() -> None:
    assert energy_kwh(replace(HOME, noise=0), at("2026-01-31T06:00")) == pytest.approx(0.2 * 0.5)
    assert energy_kwh(replace(HOME, noise=0), at("2026-01-31T06:10")) == pytest.approx(0.2 * 1.2)


def test_day_times_follow_the_local_clock_through_a_clock_change() -> None:
    berlin = replace(HOME, noise=0, timezone=ZoneInfo("Europe/Berlin"))

    assert energy_kwh(berlin, at("2026-03-28T05:10")) == pytest.approx(0.24)  # 06:10 in winter
    assert energy_kwh(berlin, at("2026-03-29T04:10")) == pytest.approx(0.24)  # 06:10 in summer


def test_after_a_restart_the_same_readings_come_again() -> None:
    first = list(readings_between([HOME], at("2026-01-31T00:00"), at("2026-01-31T12:00")))
    again = list(readings_between([HOME], at("2026-01-31T06:00"), at("2026-01-31T12:00")))

    assert first[36:] == again
    assert len(first) == 72


def test_other_seeds_and_other_devices_show_other_values() -> None:
    instant = at("2026-01-31T06:10")

    values = {energy_kwh(meter, instant) for meter in (HOME, replace(HOME, seed=1), replace(HOME, device_id="b0b"))}

    assert len(values) == 3


def test_base_load_is_per_ten_minutes_whatever_the_interval() -> None:
    by_minute = replace(HOME, noise=0, interval_seconds=60)

    day = sum(
        reading.value for reading in readings_between([by_minute], at("2026-01-31T00:00"), at("2026-02-01T00:00"))
    )

    assert day == pytest.approx(6 * 0.2 * (6 * 0.5 + 3 * 1.2 + 8 * 0.8 + 5 * 1.5 + 2 * 0.7))


def test_a_power_meter_shows_the_mean_power_of_its_interval() -> None:
    meter = replace(HOME, noise=0, reading="power_w")

    reading = reading_at(meter, at("2026-01-31T18:10"))

    assert reading.in_watts
    assert reading.value == pytest.approx(1_800)  # 0.3 kWh in ten minutes


def test_the_sun_makes_nothing_at_night_and_never_more_than_the_peak() -> None:
    roof = Meter("roof", kind="production", peak_power_w=5_000, latitude=48)

    day = list(readings_between([roof], at("2026-06-21T00:00"), at("2026-06-22T00:00")))

    night = [reading.value for reading in day if reading.instant <= at("2026-06-21T03:00")]
    assert len(night) == 18
    assert set(night) == {0.0}
    assert 0 < max(reading.value for reading in day) <= 5 / 6 * 1.1


def test_what_comes_from_the_grid_is_what_is_used_and_not_made() -> None:
    site = [
        replace(HOME, site="alice"),
        Meter("roof", kind="production", site="alice"),
        Meter("in", kind="grid_import", site="alice"),
        Meter("out", kind="grid_export", site="alice"),
        Meter("bob", site="bob"),
    ]

    shown: dict[int, dict[str, float]] = {}
    for reading in readings_between(site, at("2026-06-21T00:00"), at("2026-06-22T00:00")):
        shown.setdefault(reading.instant, {})[reading.device_id] = reading.value

    assert len(shown) == 144
    for now in shown.values():
        assert now["in"] - now["out"] == pytest.approx(now[ALICE] - now["roof"])
        assert min(now["in"], now["out"]) == 0


def test_readings_of_many_meters_come_in_order_of_time() -> None:
    meters = [HOME, Meter("fast", interval_seconds=60), Meter("slow", interval_seconds=3600)]

    instants = [reading.instant for reading in readings_between(meters, at("2026-01-31T00:00"), at("2026-01-31T03:00"))]

    assert instants == sorted(instants)
    assert len(instants) == 18 + 180 + 3


def test_the_next_instant_is_a_whole_multiple_of_the_interval_and_later() -> None:
    assert next_instant(HOME, at("2026-01-31T00:00")) == at("2026-01-31T00:10")
    assert next_instant(HOME, at("2026-01-31T00:09")) == at("2026-01-31T00:10")


def test_a_counter_counts_the_energy_of_its_intervals_and_never_falls() -> None:
    meter = replace(HOME, reading="register_kwh")
    begin = at("2024-01-03T00:00")
    shown = [reading_at(meter, begin + 600 * n).value for n in range(144)]

    assert shown == sorted(shown)
    assert shown[-1] - shown[0] == pytest.approx(sum(energy_kwh(HOME, begin + 600 * n) for n in range(1, 144)))
    assert counter_kwh(meter, COUNTED_SINCE) == 0


def test_a_counter_stands_where_it_stood_whatever_was_asked_before() -> None:
    meter = replace(HOME, reading="register_kwh", interval_seconds=60, seed=5)
    instants = [at(text) for text in ("2024-01-05T10:07", "2024-01-02T00:00", "2024-01-05T10:07", "2024-01-05T10:08")]

    shown = [counter_kwh(meter, instant) for instant in instants]

    assert shown[0] == shown[2] == counter_kwh(replace(meter, interval_seconds=900), instants[0])
    assert shown[1] < shown[2] < shown[3]
