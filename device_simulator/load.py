"""A load of readings, for measuring what takes them in: arrays with confirms, thousands of messages on their way at once."""

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pika
import structlog

from device_simulator.errors import SimulatorError
from device_simulator.publisher import MOST_READINGS_A_MESSAGE, PERSISTENT_JSON, QUEUE

log = structlog.get_logger()
# Messages without an answer yet: enough to keep the broker busy, few enough to send again after a broken line.
UNCONFIRMED = 200
_NAMESPACE = uuid.UUID("6c6f6164-0000-4000-8000-000000000000")


def device_ids(count: int) -> list[str]:
    """The ids that a load of this many devices uses: the same ones each time."""
    return [str(uuid.uuid5(_NAMESPACE, str(number))) for number in range(count)]


def bodies(*, devices: int, readings: int, array: int, interval_seconds: int) -> Iterator[tuple[bytes, int]]:
    """Messages with the number of their readings: each device's in order of time, device after device, ending now."""
    ids = device_ids(devices)
    each = -(-readings // devices)
    end = int(time.time()) // interval_seconds * interval_seconds
    # Written once for all devices: only the id differs, and a value within an hour repeats.
    pairs = [
        f'["{datetime.fromtimestamp(end - (each - 1 - n) * interval_seconds, UTC):%Y-%m-%dT%H:%M:%SZ}",{0.1 + n % 7 / 100}]'
        for n in range(each)
    ]
    left = readings
    for first in range(0, each, array):
        part = pairs[first : first + array]
        for device_id in ids:
            taken = part[:left]
            if not taken:
                return
            left -= len(taken)
            yield f'{{"device_id":"{device_id}","readings":[{",".join(taken)}]}}'.encode(), len(taken)


def send_load(
    url: str, *, devices: int, readings: int, array: int, interval_seconds: int, stop: threading.Event
) -> bool:
    """Publish the readings as fast as the broker confirms them; True when all are confirmed. Raises SimulatorError."""
    for name, value, highest in (("devices", devices, 10**6), ("array", array, MOST_READINGS_A_MESSAGE)):
        if not 1 <= value <= highest:
            raise SimulatorError(f"--{name} {value}: give a whole number from 1 to {highest}")
    if readings < 1 or interval_seconds < 1:
        raise SimulatorError("--readings and --interval-seconds: give whole numbers from 1 upwards")
    sender = Sender(url, stop)
    started = time.monotonic()
    done = sender.send(bodies(devices=devices, readings=readings, array=array, interval_seconds=interval_seconds))
    seconds = time.monotonic() - started
    log.info(
        "load confirmed" if done else "load stopped",
        readings=sender.confirmed,
        seconds=round(seconds, 1),
        per_second=round(sender.confirmed / max(seconds, 1e-9)),
        refused=sender.refused,
        devices=devices,
        array=array,
    )
    return done


class Sender:
    """Asynchronous confirms: a BlockingConnection would wait for each message's own."""

    def __init__(self, url: str, stop: threading.Event) -> None:
        self._parameters = pika.URLParameters(url)
        self._stop = stop
        self._unconfirmed: dict[int, int] = {}
        self._number = 0
        self.refused = 0
        self._error: str | None = None
        self._waiting: Iterator[tuple[bytes, int]] = iter(())
        self._finished = False
        self.confirmed = 0

    def send(self, waiting: Iterator[tuple[bytes, int]]) -> bool:
        self._waiting = waiting
        self._connection = pika.SelectConnection(
            self._parameters,
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._on_channel),
            on_open_error_callback=lambda _, error: self._end(f"the broker does not answer: {error!r}"),
            on_close_callback=lambda _, reason: self._end(None if self._finished else f"the line broke: {reason!r}"),
        )
        self._connection.ioloop.start()
        if self._error:
            raise SimulatorError(f"{self._error}; {self.confirmed} readings were confirmed")
        return self._finished and not self.refused

    def _end(self, error: str | None) -> None:
        self._error = error
        self._connection.ioloop.stop()

    def _on_channel(self, channel: pika.channel.Channel) -> None:
        self._channel = channel
        channel.queue_declare(
            QUEUE, durable=True, callback=lambda _: channel.confirm_delivery(self._on_confirm, self._fill)
        )

    def _fill(self, _: object = None) -> None:
        while len(self._unconfirmed) < UNCONFIRMED and not self._stop.is_set():
            following = next(self._waiting, None)
            if following is None:
                break
            body, count = following
            self._channel.basic_publish("", QUEUE, body, PERSISTENT_JSON)
            self._number += 1
            self._unconfirmed[self._number] = count
        if not self._unconfirmed:
            self._finished = not self._stop.is_set()
            self._connection.close()

    def _on_confirm(self, frame: pika.frame.Method) -> None:
        tag = frame.method.delivery_tag
        tags = [t for t in self._unconfirmed if t <= tag] if frame.method.multiple else [tag]
        count = sum(self._unconfirmed.pop(t) for t in tags)
        if isinstance(frame.method, pika.spec.Basic.Ack):
            self.confirmed += count
        else:
            self.refused += count
        self._fill()
