"""The demo: only when asked for, and physically consistent."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from device_simulator.demo import DEMO_METERS, SITE
from device_simulator.meters import KINDS, Meter, readings_between

NOON = 1_782_043_200  # 2026-06-21T12:00Z


def run_demo(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "device_simulator.demo"],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "GATEWAY_URL": "", "METER_AMQP_URL": "", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_demo_there_is_none() -> None:
    assert run_demo(DEMO="false").returncode == 0


@pytest.mark.parametrize("missing", ["GATEWAY_URL", "METER_AMQP_URL"])
def test_a_missing_variable_is_named(missing: str) -> None:
    given = {"GATEWAY_URL": "http://127.0.0.1:1", "METER_AMQP_URL": "amqp://meter:x@127.0.0.1:1/%2F", missing: ""}

    ran = run_demo(DEMO="true", **given)

    assert ran.returncode == 2
    assert ran.stderr.startswith(f"device_simulator.demo: {missing} is not set")


def test_its_five_meters_cover_every_kind_and_add_up() -> None:
    kinds = [demo.device["kind"] for demo in DEMO_METERS]
    assert len(kinds) == 5
    assert set(kinds) == set(KINDS)
    meters = [
        Meter(demo.device["name"], kind=demo.device["kind"], **{**SITE, **demo.simulated}) for demo in DEMO_METERS
    ]

    signs = {"consumption": -1, "production": 1, "grid_import": 1, "grid_export": -1}
    kind_of = {meter.device_id: meter.kind for meter in meters}
    sums: dict[int, float] = {}
    for reading in readings_between(meters, NOON - 86_400, NOON):
        sums[reading.instant] = sums.get(reading.instant, 0) + signs[kind_of[reading.device_id]] * reading.value

    assert len(sums) == 144
    assert list(sums.values()) == pytest.approx([0.0] * 144, abs=1e-12)


def test_no_meter_shows_more_than_it_can_take() -> None:
    for demo in DEMO_METERS:
        if demo.device["kind"].startswith("grid_"):
            continue
        meter = Meter("one", kind=demo.device["kind"], **{**SITE, **demo.simulated})
        highest = max(reading.value for reading in readings_between([meter], NOON - 86_400, NOON))
        assert highest * 6_000 <= demo.device["rated_power_w"] * 1.5
        assert highest * 6 <= demo.device["max_consumption"] * 1.01
