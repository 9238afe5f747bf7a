"""What the tests of ingest have in common: meters at the real queue, consumers that are stopped or killed, and looks at both."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pika
from django.conf import settings
from django.db import connection
from django.db.models import Sum

from monitoring_service.hours.models import Hour
from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.ingest import Ingest

KILLED = 137


class Meters:
    """A publisher as any meter is: it declares the queue itself, durable and without arguments, and asks for confirms."""

    def __init__(self) -> None:
        self.link = pika.BlockingConnection(pika.URLParameters(os.environ["METER_AMQP_URL"]))
        self.channel = self.link.channel()
        self.channel.queue_declare(QUEUE, durable=True)
        self.channel.confirm_delivery()

    def send(self, *messages: Any) -> None:
        durable = pika.BasicProperties(delivery_mode=2)
        for message in messages:
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            self.channel.basic_publish("", QUEUE, body, durable)


@contextmanager
def ingesting(count: int = 1) -> Iterator[list[Ingest]]:
    """Consumers in threads of this process, stopped as SIGTERM would stop them."""
    ingests = [Ingest() for _ in range(count)]

    def work(ingest: Ingest) -> None:
        ingest.run()
        connection.close()

    threads = [threading.Thread(target=work, args=[ingest]) for ingest in ingests]
    for thread in threads:
        thread.start()
    try:
        yield ingests
    finally:
        for ingest in ingests:
            ingest.stop()
        for thread in threads:
            thread.join(timeout=30)
        assert not any(thread.is_alive() for thread in threads)


def process(**variables: str) -> subprocess.Popen[bytes]:
    """A consumer as a process of its own, on the test's database."""
    database = settings.DATABASES["default"]
    address = settings.DATABASE_URL.rsplit("/", 1)[0] + f"/{database['NAME']}"
    return subprocess.Popen(
        [sys.executable, "-m", "monitoring_service.manage", "ingest_measurements"],
        env={**os.environ, "DATABASE_URL": address, **variables},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def left_in(operator: Any, queue: str) -> int:
    return int(operator.queue_declare(queue, passive=True).method.message_count)


def dead_letters(operator: Any) -> list[tuple[bytes, str]]:
    found: list[tuple[bytes, str]] = []
    while True:
        method, properties, body = operator.basic_get(DEAD_LETTERS, auto_ack=True)
        if method is None:
            return found
        found.append((body, properties.headers["x-error"]))


def total() -> float:
    return float(Hour.objects.aggregate(total=Sum("kwh"))["total"] or 0)
