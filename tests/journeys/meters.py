"""A meter that a test holds in its hand."""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pika

from device_simulator.meters import Reading
from device_simulator.publisher import QUEUE, ReadingPublisher


def send(url: str, device_id: str, values: Sequence[tuple[datetime, float]]) -> None:
    """Send readings as a meter does; returns when the broker has confirmed them."""
    publisher = ReadingPublisher(url, threading.Event())
    try:
        assert publisher.publish(Reading(device_id, int(at.timestamp()), value) for at, value in values)
    finally:
        publisher.close()


def send_raw(url: str, *bodies: bytes | dict[str, Any] | list[Any]) -> None:
    """Send message bodies as they are, confirmed by the broker."""
    connection = pika.BlockingConnection(pika.URLParameters(url))
    channel = connection.channel()
    channel.queue_declare(QUEUE, durable=True)
    channel.confirm_delivery()
    for body in bodies:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        channel.basic_publish("", QUEUE, raw, mandatory=True)
    connection.close()


def last_full_hour() -> datetime:
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0)


def rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
