"""config.json: what it says, and one clear line for each mistake in it."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from device_simulator.__main__ import EXAMPLE_CONFIG
from device_simulator.config import load_config, parse_config
from device_simulator.errors import SimulatorError
from device_simulator.meters import Meter

ALICE = "00000000-0000-4000-8000-00000000a11c"
BOB = "00000000-0000-4000-8000-000000000b0b"


def test_one_device_id_is_enough() -> None:
    config = parse_config({"device_id": ALICE})

    assert config.meters == (Meter(ALICE),)
    assert config.time_acceleration == 1
    assert config.history_days == 0


def test_shared_settings_hold_for_all_devices_but_those_that_say_otherwise() -> None:
    config = parse_config(
        {
            "devices": [
                ALICE,
                {"device_id": BOB, "base_load_kwh": 0.5, "timezone": "Europe/Rome", "kind": "production"},
            ],
            "base_load_kwh": 0.1,
            "interval_seconds": 900,
            "time_acceleration": 60,
        }
    )

    alice, bob = config.meters
    assert (alice.base_load_kwh, alice.interval_seconds, alice.kind) == (0.1, 900, "consumption")
    assert (bob.base_load_kwh, bob.interval_seconds, bob.kind) == (0.5, 900, "production")
    assert bob.timezone == ZoneInfo("Europe/Rome")
    assert config.history_days == 1


def test_patterns_give_each_hour_its_factor() -> None:
    config = parse_config({"device_id": ALICE, "patterns": {"0-22": 1, "23": 3}})

    assert config.meters[0].hour_factors == (1.0,) * 23 + (3.0,)


def test_the_example_that_comes_along_is_right() -> None:
    assert len(load_config(EXAMPLE_CONFIG).meters) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"device_id": "meter-7"}, 'device_id: "meter-7" is not a device id'),
        ({"devices": [BOB]}, 'either "device_id" (one meter) or "devices"'),
        ({"interval_seconds": 0}, "interval_seconds: 0 is not a whole number of seconds between 1 and 86400"),
        ({"interval_seconds": "600"}, 'interval_seconds: "600" is not'),
        ({"base_load_kwh": -1}, "base_load_kwh: -1 is not a number from 0 upwards"),
        ({"time_acceleration": 0.5}, "time_acceleration: 0.5 is not a number from 1 upwards"),
        ({"timezone": "Mars/Olympus"}, "IANA name such as Europe/Berlin"),
        ({"kind": "gas"}, 'kind: "gas" is not one of consumption'),
        ({"reading": "pulses"}, 'reading: "pulses" is not one of interval_kwh, power_w, register_kwh'),
        ({"patterns": {"0-5": 1}}, "missing [6, 7, 8"),
        ({"patterns": {"0-23": 1, "5": 2}}, "twice [5]"),
        ({"patterns": {"night": 1}}, 'patterns: "night" is not a range of local hours'),
        ({"patterns": {"0-23": -2}}, 'patterns["0-23"]: -2 is not'),
        ({"noise": True}, "noise: true is not a share between 0 and 1"),
        ({"intervall": 5}, "intervall: no such key; known are"),
        ({"kind": "grid_import"}, "add a consumption or production device"),
    ],
)
def test_a_mistake_is_told_with_key_value_and_way_out(change: dict[str, Any], told: str) -> None:
    with pytest.raises(SimulatorError) as refusal:
        parse_config({"device_id": ALICE, **change})

    assert told in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_mistake_in_one_device_names_which() -> None:
    with pytest.raises(SimulatorError, match=r"devices\[1\]\.base_load_kwh"):
        parse_config({"devices": [ALICE, {"device_id": BOB, "base_load_kwh": "much"}]})


def test_a_device_may_not_stand_there_twice() -> None:
    with pytest.raises(SimulatorError, match="twice"):
        parse_config({"devices": [ALICE, ALICE]})


def test_all_meters_of_a_site_with_a_grid_meter_share_their_interval() -> None:
    grid = {"device_id": BOB, "kind": "grid_import", "interval_seconds": 900}
    with pytest.raises(SimulatorError, match="give all of a site the same"):
        parse_config({"devices": [ALICE, grid]})


def test_a_file_that_is_not_json_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{\n"device_id": }')

    with pytest.raises(SimulatorError, match="line 2, column 14"):
        load_config(path)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match="--config FILE"):
        load_config(tmp_path / "nowhere.json")


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"device_id": ALICE, "base_load_kwh": float("nan")}))

    with pytest.raises(SimulatorError, match="base_load_kwh: NaN"):
        load_config(path)
