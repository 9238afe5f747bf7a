"""Every process is killed with -9 while readings flow; it comes back, and no reading is lost or counted twice."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from device_simulator.meters import Meter, Reading, next_instant, reading_at
from device_simulator.publisher import ReadingPublisher
from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.keepers import Keeper, keeper_from_environment
from tests.journeys.meters import rfc3339

INTERVAL_SECONDS = 60
START = datetime(2026, 1, 1, tzinfo=UTC)


class Flow:
    """A meter that sends minute readings of the past, a few at a time, until told to stop at the end of an hour."""

    def __init__(self, url: str, device_id: str) -> None:
        self._meter = Meter(device_id, interval_seconds=INTERVAL_SECONDS)
        self._stop = threading.Event()
        self._publisher = ReadingPublisher(url, threading.Event())
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.sent: list[Reading] = []
        self._thread.start()

    def _run(self) -> None:
        instant = next_instant(self._meter, START.timestamp())
        while not self._stop.is_set() or (self.sent and self.sent[-1].instant % 3600):
            reading = reading_at(self._meter, instant)
            assert self._publisher.publish([reading])
            self.sent.append(reading)
            instant += INTERVAL_SECONDS
            if not self._stop.is_set():
                self._publisher.idle(0.02)
        self._publisher.close()

    def finish(self) -> list[Reading]:
        """All readings sent, when the broker has confirmed the last of them."""
        self._stop.set()
        self._thread.join(timeout=120)
        assert not self._thread.is_alive(), "the broker does not take readings any more"
        return self.sent


@pytest.fixture
def keeper() -> Keeper:
    found = keeper_from_environment()
    if found is None:
        pytest.skip("SUPERVISOR_CONF or COMPOSE_PROJECT_NAME is not set: nothing to kill")
    return found


@pytest.fixture
def flow(meter_amqp_url: str, alice: Person, make_device: MakeDevice) -> Iterator[Flow]:
    device = make_device("Killed", owner=alice, interval_seconds=INTERVAL_SECONDS)
    made = Flow(meter_amqp_url, device["id"])
    yield made
    made.finish()


def victims(keeper: Keeper) -> list[str]:
    """KILL (names with commas) narrows it down."""
    running = sorted(keeper.processes())
    chosen = os.environ.get("KILL", "")
    return [name for name in running if not chosen or name in chosen.split(",")]


def kill_and_await(keeper: Keeper, name: str, flow: Flow) -> None:
    """Kill one process; return when it runs again and ten more readings have been confirmed."""
    # Its keeper may be starting it again: the death of the one before may have taken it along.
    pid = wait_for(f"{name} runs", lambda: keeper.processes().get(name), within=120)
    before = len(flow.sent)
    keeper.kill(pid)
    wait_for(f"{name} comes back", lambda: keeper.processes().get(name, pid) != pid, within=120)
    wait_for(f"readings flow after the death of {name}", lambda: len(flow.sent) > before + 10, within=120)


def test_killing_any_process_loses_nothing(keeper: Keeper, flow: Flow, alice: Person, admin: Person) -> None:
    names = victims(keeper)
    assert names, "the keeper has no running process"

    for name in names:
        kill_and_await(keeper, name, flow)

    sent = flow.finish()
    end = datetime.fromtimestamp(sent[-1].instant, UTC)
    expected: dict[datetime, float] = {}
    for reading in sent:
        start = datetime.fromtimestamp((reading.instant - 1) // 3600 * 3600, UTC)
        expected[start] = expected.get(start, 0.0) + reading.value

    def counted() -> dict[str, Any] | None:
        found: dict[str, Any] = alice.api.get(
            "/api/monitoring/hourly/range",
            device_id=sent[0].device_id,
            start=rfc3339(START),
            end=rfc3339(end),
            timezone="UTC",
        )
        return found if all(entry["readings"] == 60 for entry in found["data"]) else None

    found = wait_for("every hour has its 60 readings", counted, within=120)
    assert len(found["data"]) == len(expected) == (end - START) / timedelta(hours=1)
    for entry in found["data"]:
        assert entry["kwh"] == pytest.approx(expected[datetime.fromisoformat(entry["start"])], rel=0, abs=1e-9)
    assert found["total_kwh"] == pytest.approx(sum(expected.values()), abs=1e-6)


def healthy(person: Person, prefix: str) -> None:
    wait_for(f"{prefix} is healthy", lambda: person.api.http.get(f"/api/{prefix}/health").is_success)


def test_afterwards_a_person_and_a_forecast_still_work(admin: Person, alice: Person) -> None:
    for prefix in ("auth", "users", "devices", "monitoring", "forecasts"):
        healthy(alice, prefix)
    assert alice.api.get("/api/auth/validate")["user_id"] == alice.id
    assert admin.api.get("/api/devices")["count"] >= 0
