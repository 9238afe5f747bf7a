"""Readings into `device_data_queue`, with publisher confirms, until the broker has each of them."""

import json
import random
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import pika
import pika.exceptions
import structlog
from pika.adapters.blocking_connection import BlockingChannel

from device_simulator.errors import SimulatorError
from device_simulator.meters import Reading

QUEUE = "device_data_queue"
MOST_READINGS_A_MESSAGE = 1000
LONGEST_PAUSE_SECONDS = 30.0
SECONDS_BETWEEN_REPORTS = 10.0
PERSISTENT_JSON = pika.BasicProperties(content_type="application/json", delivery_mode=2)

log = structlog.get_logger()


def single_body(reading: Reading) -> str:
    """One reading as one message: what a meter sends in real time."""
    field = "power" if reading.in_watts else "measurement_value"
    return json.dumps(
        {
            "timestamp": reading.timestamp,
            "device_id": reading.device_id,
            field: reading.value,
        }
    )


def array_body(readings: Sequence[Reading]) -> str:
    """Up to 1,000 readings as one message, grouped by device: a hundredth of the broker's work when catching up."""
    by_device: dict[str, list[tuple[str, float]]] = {}
    for reading in readings:
        by_device.setdefault(reading.device_id, []).append((reading.timestamp, reading.value))
    return json.dumps([{"device_id": device, "readings": pairs} for device, pairs in by_device.items()])


def bodies(readings: Sequence[Reading]) -> list[tuple[str, int]]:
    """Message bodies with their number of readings: singles when no device has two, else arrays."""
    if len({reading.device_id for reading in readings}) == len(readings):
        return [(single_body(reading), 1) for reading in readings]
    return [(array_body(readings), len(readings))]


class ReadingPublisher:
    """One connection to the broker, as a gateway of meters holds it.

    Every message waits for its confirm; without one it is sent again over a new connection. That may double a
    message and never loses one, and a doubled reading changes nothing. `stop` ends it after the message in hand.
    """

    def __init__(self, url: str, stop: threading.Event) -> None:
        try:
            if not url.startswith(("amqp://", "amqps://")):
                raise ValueError("no amqp:// or amqps:// at its beginning")
            self._parameters = pika.URLParameters(url)
        except (ValueError, TypeError) as error:
            raise SimulatorError(
                f"METER_AMQP_URL: {error}; expected amqp://USER:PASSWORD@HOST:PORT/%2F (or --amqp-url)"
            ) from error
        self._parameters.heartbeat = 30
        # A broker in a memory or disk alarm stops reading: leave and come back instead of waiting for ever.
        self._parameters.blocked_connection_timeout = 60
        self._stop = stop
        self._connection: pika.BlockingConnection | None = None
        self._channel: BlockingChannel | None = None
        self._failures = 0
        self._reported_at = time.monotonic()
        self._reported = 0
        self.published = 0

    @property
    def address(self) -> str:
        """Host and port of the broker, without the password."""
        return f"{self._parameters.host}:{self._parameters.port}"

    def publish(self, readings: Iterable[Reading]) -> bool:
        """Publish in order. True when the broker has confirmed all of them, False when `stop` came first."""
        waiting = iter(readings)
        while chunk := list(islice(waiting, MOST_READINGS_A_MESSAGE)):
            for body, count in bodies(chunk):
                if self._stop.is_set() or not self._publish_body(body):
                    return False
                self.published += count
                self._report(chunk[-1])
        return True

    def idle(self, seconds: float) -> None:
        """Wait up to `seconds` (or until `stop`) and keep the connection's heartbeats going."""
        until = time.monotonic() + seconds
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            if self._connection is None:
                self._stop.wait(left)
                continue
            try:
                # Slices of a second: pika does not return early on a signal, and SIGTERM should not wait longer.
                self._connection.process_data_events(time_limit=min(left, 1.0))
            except (pika.exceptions.AMQPError, OSError) as error:
                self._lost(error)

    def close(self) -> None:
        """Leave the broker in good order; what was confirmed stays there."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None and connection.is_open:
            try:
                connection.close()
            except (pika.exceptions.AMQPError, OSError) as error:
                log.info(
                    "the broker went before the goodbye",
                    broker=self.address,
                    error=describe(error),
                )

    def _publish_body(self, body: str) -> bool:
        while True:
            try:
                self._open_channel().basic_publish("", QUEUE, body.encode(), PERSISTENT_JSON, mandatory=True)
            except (pika.exceptions.AMQPError, OSError) as error:
                self._lost(error)
                if not self._pause():
                    return False
            else:
                self._failures = 0
                return True

    def _open_channel(self) -> BlockingChannel:
        if self._channel is None:
            self._connection = pika.BlockingConnection(self._parameters)
            self._channel = self._connection.channel()
            # Declared as any meter would, so that the first one there makes the queue.
            self._channel.queue_declare(QUEUE, durable=True)
            self._channel.confirm_delivery()
            log.info("connected", broker=self.address, queue=QUEUE)
        return self._channel

    def _lost(self, error: BaseException) -> None:
        log.warning(
            "no confirm from the broker; sending again",
            broker=self.address,
            error=describe(error),
        )
        self.close()

    def _pause(self) -> bool:
        """Wait before the next try, twice as long each time, with jitter. False when `stop` came."""
        longest = min(LONGEST_PAUSE_SECONDS, 0.25 * 2**self._failures)
        self._failures = min(self._failures + 1, 10)
        return not self._stop.wait(longest * random.uniform(0.5, 1.0))

    def _report(self, newest: Reading) -> None:
        elapsed = time.monotonic() - self._reported_at
        if elapsed >= SECONDS_BETWEEN_REPORTS:
            rate = (self.published - self._reported) / elapsed
            log.info(
                "published",
                readings=self.published,
                per_second=round(rate, 1),
                up_to=newest.timestamp,
            )
            self._reported_at, self._reported = time.monotonic(), self.published


def describe(error: BaseException) -> str:
    """pika hides the cause in the type or in `args`: name both."""
    details: Any = getattr(error, "reply_text", None) or error
    while isinstance(details, BaseException) and not str(details) and details.args:
        details = details.args[0]
    return f"{type(error).__name__} {details}".strip()
