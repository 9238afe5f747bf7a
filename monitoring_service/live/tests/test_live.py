"""Alice watches her meters as readings come; nobody is told of what is not theirs."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings

from monitoring_service.conftest import METER, device_event, reading
from service_kit.auth import Caller
from service_kit.events import UserCreated, UserDeleted

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/api/monitoring/live"
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # so that its interval lies in one hour
Event = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def server(key_server: str, django_db_setup: None) -> Iterator[str]:
    """The live process on the test's database; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = settings.DATABASE_URL.rsplit("/", 1)[0] + f"/{settings.DATABASES['default']['NAME']}"
    process = subprocess.Popen(
        [sys.executable, "-m", "monitoring_service.live"],
        env={**os.environ, "DATABASE_URL": database, "AUTH_URL": key_server, "PORT": str(port), "HOST": "127.0.0.1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    pause, deadline = threading.Event(), time.monotonic() + 30
    while True:
        try:
            assert httpx.get(address + ADDRESS).status_code == 401
            break
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the live process does not answer"
            pause.wait(0.1)
    yield address
    process.terminate()
    assert process.wait(timeout=20) in {0, -15}


class Watcher:
    """One open stream, read event by event; reading on past its end gives None."""

    def __init__(self, address: str, token: str, **headers: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=httpx.Timeout(5, read=25), trust_env=False)
        request = self.client.build_request("GET", ADDRESS, headers={"Authorization": f"Bearer {token}", **headers})
        self.response = self.client.send(request, stream=True)
        self._lines = self.response.iter_lines() if self.response.status_code == 200 else iter(())
        self.last_id = ""

    def next(self) -> Event | None:
        name, data = "", ""
        for line in self._lines:
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("id: "):
                self.last_id = line[4:]
            elif line.startswith("data: "):
                data = line[6:]
            elif not line and data:
                return name, json.loads(data)
        return None

    def next_of(self, name: str) -> dict[str, Any]:
        while (event := self.next()) is not None:
            if event[0] == name:
                return event[1]
        pytest.fail(f"the stream ended without {name}")

    def close(self) -> None:
        self.client.close()


@pytest.fixture
def watch(server: str, token_for: Callable[..., str]) -> Iterator[Callable[..., Watcher]]:
    """`watch(alice)`: her open stream."""
    opened = []

    def make(caller: Caller, *, expires_in: float = 1800, **headers: str) -> Watcher:
        token = token_for(caller, exp=datetime.now(UTC) + timedelta(seconds=expires_in))
        opened.append(Watcher(server, token, **headers))
        return opened[-1]

    yield make
    for watcher in opened:
        watcher.close()


def test_a_reading_arrives_with_its_hour(
    meter: uuid.UUID, watch: Callable[..., Watcher], send: Callable[..., Any], alice: Caller
) -> None:
    watcher = watch(alice)
    assert watcher.response.headers["content-type"] == "text/event-stream"

    send(reading(NOW, 0.125))

    hour = watcher.next_of("hour")
    assert (hour["device_id"], hour["readings"], hour["quality"]) == (str(METER), 1, "partial")
    seen = watcher.next_of("measurement")
    assert (seen["device_id"], seen["value"]) == (str(METER), 0.125)
    assert datetime.fromisoformat(seen["timestamp"]) == NOW


def test_charlie_sees_only_his_own(
    meter: uuid.UUID,
    deliver: Callable[..., None],
    watch: Callable[..., Watcher],
    send: Callable[..., Any],
    charlie: Caller,
    admin: Caller,
) -> None:
    his = uuid.uuid4()
    deliver(device_event(his, owners=[charlie]))
    charlies, admins = watch(charlie), watch(admin)

    send(reading(NOW, 0.5))
    assert admins.next_of("measurement")["device_id"] == str(METER)
    send(reading(NOW, 0.25, his))

    assert charlies.next_of("measurement")["device_id"] == str(his)
    assert admins.next_of("measurement")["device_id"] == str(his)


def test_last_event_id_brings_what_was_missed(
    meter: uuid.UUID, watch: Callable[..., Watcher], send: Callable[..., Any], alice: Caller, bob: Caller, admin: Caller
) -> None:
    watcher, witness = watch(alice), watch(admin)
    send(reading(NOW - timedelta(minutes=20), 0.1))
    watcher.next_of("measurement")
    witness.next_of("measurement")
    watcher.close()
    send(reading(NOW - timedelta(minutes=10), 0.2))
    assert witness.next_of("measurement")["value"] == 0.2

    resumed = watch(alice, **{"Last-Event-ID": watcher.last_id})

    assert resumed.next_of("measurement")["value"] == 0.2
    # An id of a process that is gone brings the present state.
    assert watch(alice, **{"Last-Event-ID": "1-1"}).next_of("measurement")["value"] == 0.2
    assert bob != alice


def test_the_stream_ends_when_the_token_does(
    meter: uuid.UUID, watch: Callable[..., Watcher], alice: Caller, server: str
) -> None:
    assert watch(alice, expires_in=2).next() is None
    assert watch(alice, expires_in=-60).response.status_code == 401
    assert httpx.post(server + ADDRESS).status_code == 405


def test_the_stream_ends_when_the_device_is_taken_away(
    meter: uuid.UUID, deliver: Callable[..., None], watch: Callable[..., Watcher], alice: Caller
) -> None:
    watcher = watch(alice)

    deliver(device_event(owners=[]), version=2)

    assert watcher.next() is None


def test_the_stream_ends_when_the_user_is_deleted(
    meter: uuid.UUID, deliver: Callable[..., None], watch: Callable[..., Watcher], alice: Caller
) -> None:
    user: dict[str, Any] = {
        "id": alice.id,
        "username": "alice",
        "email": "alice@example.com",
        "role": "client",
        "is_active": True,
    }
    deliver(UserCreated(**user))
    watcher = watch(alice)

    deliver(UserDeleted(id=alice.id), version=2)

    assert watcher.next() is None


def test_a_device_that_is_newly_hers_is_shown_without_reconnecting(
    meter: uuid.UUID,
    deliver: Callable[..., None],
    watch: Callable[..., Watcher],
    send: Callable[..., Any],
    alice: Caller,
    admin: Caller,
) -> None:
    watcher = watch(alice)
    new = uuid.uuid4()
    deliver(device_event(new, owners=[alice]))

    # The access notice and the reading's travel in order; the look at the access may still take a moment longer.
    for number in range(20):
        send(reading(NOW - timedelta(minutes=number), 0.1, new), reading(NOW - timedelta(minutes=number), 0.1))
        if watcher.next_of("measurement")["device_id"] == str(new) or watcher.next_of("measurement")[
            "device_id"
        ] == str(new):
            return
    pytest.fail("the new device never showed")
