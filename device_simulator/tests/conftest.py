"""The real broker of the test instance, and a line to it that can be cut."""

import json
import os
import select
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import pika
import pytest

from device_simulator.meters import Reading
from device_simulator.publisher import QUEUE, ReadingPublisher


def required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        pytest.fail(f"{name} is not set; run `make test-service SERVICE=simulator`")
    return value


@pytest.fixture
def meter_url() -> str:
    """How a meter reaches the broker: it may declare and fill the queue, and read nothing."""
    return required("METER_AMQP_URL")


@pytest.fixture
def queue() -> Iterator[Any]:
    """A channel that may read `device_data_queue`, which is empty at the start."""
    connection = pika.BlockingConnection(pika.URLParameters(required("METER_BROKER_URL")))
    channel = connection.channel()
    channel.queue_purge(QUEUE)
    yield channel
    connection.close()


@pytest.fixture
def bodies(queue: Any) -> Callable[[], list[Any]]:
    """`bodies()`: what has arrived since the last call, decoded, a message each."""

    def drain() -> list[Any]:
        arrived: list[Any] = []
        while True:
            method, _, body = queue.basic_get(QUEUE, auto_ack=True)
            if method is None:
                return arrived
            arrived.append(json.loads(body))

    return drain


@pytest.fixture
def arrived(bodies: Callable[[], list[Any]]) -> Callable[[], list[Reading]]:
    """`arrived()`: all readings of these messages, in whatever form they came."""

    def unpack(body: Any) -> Iterator[Reading]:
        if isinstance(body, list):
            for part in body:
                yield from unpack(part)
        elif "readings" in body:
            yield from (reading(body["device_id"], at, value) for at, value in body["readings"])
        else:
            yield reading(body["device_id"], body["timestamp"], body["measurement_value"])

    return lambda: [found for body in bodies() for found in unpack(body)]


def reading(device_id: str, timestamp: str, value: float) -> Reading:
    return Reading(device_id, int(datetime.fromisoformat(timestamp).timestamp()), value)


class Line:
    """A TCP line to the broker that can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self._far = (host, port)
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.up = True
        self.forwarded = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, *, mended: bool = True) -> None:
        """Break every connection; `mended=False`: and refuse new ones."""
        self.up = mended
        ends, self._ends = self._ends, []
        for end in ends:
            end.close()

    def close(self) -> None:
        self._listener.close()
        self.cut(mended=False)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self.up:
                near.close()
                continue
            far = socket.create_connection(self._far)
            self._ends += [near, far]
            threading.Thread(target=self._carry, args=(near, far), daemon=True).start()

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        other = {near: far, far: near}
        try:
            while True:
                for end in select.select([near, far], [], [], 0.2)[0]:
                    data = end.recv(65_536)
                    if not data:
                        raise OSError("one side hung up")
                    other[end].sendall(data)
                    self.forwarded += len(data)
        except (OSError, ValueError):
            near.close()
            far.close()


@pytest.fixture
def line(meter_url: str) -> Iterator[Line]:
    parts = urlsplit(meter_url)
    opened = Line(parts.hostname or "", parts.port or 5672)
    yield opened
    opened.close()


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.fixture
def publisher(meter_url: str, line: Line, stop: threading.Event) -> Iterator[ReadingPublisher]:
    """A publisher that reaches the broker over `line`."""
    parts = urlsplit(meter_url)
    made = ReadingPublisher(
        parts._replace(netloc=f"{parts.username}:{parts.password}@127.0.0.1:{line.port}").geturl(), stop
    )
    yield made
    stop.set()
    made.close()
