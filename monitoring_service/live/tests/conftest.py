"""The live process on the test's database, and people who watch it."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings

from service_kit.auth import Caller

ADDRESS = "/api/monitoring/live"
HEARTBEAT = ": alive"
PATIENCE = 4  # heartbeats, a minute: a machine with much else to do may take its time
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
        name, data, beats = "", "", 0
        for line in self._lines:
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("id: "):
                self.last_id = line[4:]
            elif line.startswith("data: "):
                data = line[6:]
            elif line == HEARTBEAT:
                beats += 1
                assert beats < PATIENCE, "nothing came but heartbeats"
            elif not line and data:
                return name, json.loads(data)
        return None

    def read_id(self) -> str:
        """The id that the stream begins with, before any event."""
        for line in self._lines:
            if line.startswith("id: "):
                self.last_id = line[4:]
                break
        return self.last_id

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
