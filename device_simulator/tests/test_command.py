"""`python -m device_simulator`, as a person or a keeper of processes runs it."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from device_simulator.meters import Reading

ROOT = Path(__file__).parents[2]
ALICE = "00000000-0000-4000-8000-00000000a11c"


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "device_simulator", *arguments],
        cwd=ROOT,
        env={**os.environ, "LOG_LEVEL": "INFO", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_file_is_replayed_into_the_queue(
    tmp_path: Path, meter_url: str, queue: Any, arrived: Callable[[], list[Reading]]
) -> None:
    path = tmp_path / "home.csv"
    path.write_text("timestamp,home\n2026-01-31 00:00:00,0.6\n2026-01-31 01:00:00,1.2\n")

    ran = command("replay", str(path), "--device", f"home={ALICE}", "--interval-seconds", "600")

    assert ran.returncode == 0, ran.stderr
    values = [reading.value for reading in arrived()]
    assert values == pytest.approx([0.1] * 6 + [0.2] * 6)
    assert "readings=12" in ran.stdout


def test_a_replay_at_a_speed_ends_when_its_last_reading_is_due(
    tmp_path: Path, meter_url: str, queue: Any, arrived: Callable[[], list[Reading]]
) -> None:
    path = tmp_path / "home.csv"
    path.write_text("timestamp,home\n2026-01-31 00:00:00,0.6\n2026-01-31 01:00:00,1.2\n2026-01-31 02:00:00,1.8\n")

    ran = command("replay", str(path), "--device", f"home={ALICE}", "--speed", "36000")

    assert ran.returncode == 0, ran.stderr
    assert [reading.value for reading in arrived()] == [0.6, 1.2, 1.8]


def test_a_back_fill_of_two_days(
    tmp_path: Path, meter_url: str, queue: Any, arrived: Callable[[], list[Reading]]
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"device_id": ALICE}))

    ran = command("backfill", "--config", str(path), "--days", "2")

    assert ran.returncode == 0, ran.stderr
    assert len(arrived()) == 288


def test_terminated_it_finishes_and_leaves(tmp_path: Path, meter_url: str, bodies: Callable[[], list[Any]]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps({"device_id": ALICE, "interval_seconds": 60, "time_acceleration": 6000}))
    process = subprocess.Popen(
        [sys.executable, "-m", "device_simulator", "--config", str(path)],
        cwd=ROOT,
        env={**os.environ, "LOG_LEVEL": "INFO"},
        stdout=subprocess.PIPE,
        text=True,
    )
    too_long = threading.Timer(30, process.kill)
    too_long.start()
    try:
        assert process.stdout is not None
        assert any("connected" in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    finally:
        too_long.cancel()
        process.kill()
        process.wait()
    assert all(body["device_id"] == ALICE for body in bodies())


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (("backfill",), {"METER_AMQP_URL": ""}, "METER_AMQP_URL is not set"),
        (("--config", "nowhere.json"), {}, "nowhere.json: no such file"),
        (("replay", "nowhere.csv"), {}, "nowhere.csv: cannot be read (No such file or directory)"),
        (("replay", "nowhere.csv", "--device", "home"), {}, "--device home: write COLUMN=DEVICE_ID"),
        (("replay", "nowhere.csv", "--speed", "fast"), {}, "--speed fast: give max, or a number above 0"),
        (("replay", "nowhere.csv", "--time-zone", "Mars"), {}, "IANA name such as Europe/Berlin"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(arguments: tuple[str, ...], environment: dict[str, str], told: str) -> None:
    ran = command(*arguments, **{"METER_AMQP_URL": "amqp://meter:x@127.0.0.1:1/%2F", **environment})

    assert ran.returncode == 2
    assert told in ran.stderr
    assert ran.stderr.count("\n") == 1
