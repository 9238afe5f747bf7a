import json
import os
import time
import urllib.request
import uuid
from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest
from pika.adapters.blocking_connection import BlockingChannel

from service_kit.messaging import EXCHANGE, connect


@dataclass
class Bench:
    """A virtual host of our own on the real broker, with the exchange and one queue bound as the definitions do it.

    `seen` is a plain queue with the same bindings: one with a single active consumer cannot be looked into.
    """

    url: str
    queue: str
    channel: BlockingChannel

    @property
    def seen(self) -> str:
        return f"{self.queue}.seen"

    def take(self, queue: str) -> list[bytes]:
        """All messages that are in the queue now."""
        bodies = []
        while (got := self.channel.basic_get(queue, auto_ack=True))[0] is not None:
            bodies.append(got[2])
        return bodies

    def declare(self) -> None:
        """The queue, and where its messages come from."""
        self.channel.queue_declare(
            self.queue,
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-single-active-consumer": True,
                "x-delivery-limit": 2,
                "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": f"{self.queue}.dlq",
            },
        )
        self.channel.queue_bind(self.queue, EXCHANGE, "thing.*")

    def waiting(self, queue: str) -> int:
        return self.channel.queue_declare(queue, passive=True).method.message_count


@pytest.fixture(scope="session")
def virtual_host() -> Iterator[str]:
    """The AMQP address of a fresh virtual host, dropped afterwards."""
    admin, name = (
        urlsplit(os.environ["BROKER_MANAGEMENT_URL"]),
        f"kit-{uuid.uuid4().hex[:8]}",
    )

    def ask(method: str, path: str, body: dict[str, str]) -> None:
        login = b64encode(f"{admin.username}:{admin.password}".encode()).decode()
        request = urllib.request.Request(
            f"http://{admin.hostname}:{admin.port}/api/{path}",
            method=method,
            data=json.dumps(body).encode(),
            headers={
                "Authorization": f"Basic {login}",
                "Content-Type": "application/json",
            },
        )
        urllib.request.urlopen(request, timeout=10).close()

    ask("PUT", f"vhosts/{name}", {})
    ask(
        "PUT",
        f"permissions/{name}/{admin.username}",
        {"configure": ".*", "write": ".*", "read": ".*"},
    )
    yield os.environ["BROKER_ADMIN_URL"].rsplit("/", 1)[0] + f"/{name}"
    ask("DELETE", f"vhosts/{name}", {})


@pytest.fixture
def bench(virtual_host: str, settings: object) -> Iterator[Bench]:
    settings.BROKER_URL = virtual_host  # type: ignore[attr-defined]
    connection = connect(virtual_host, name="bench")
    channel = connection.channel()
    queue = f"kit.{uuid.uuid4().hex[:8]}"
    channel.exchange_declare(EXCHANGE, "topic", durable=True)
    channel.queue_declare(f"{queue}.dlq", durable=True)
    channel.queue_declare(f"{queue}.seen", durable=True)
    channel.queue_bind(f"{queue}.seen", EXCHANGE, "thing.*")
    made = Bench(virtual_host, queue, channel)
    made.declare()
    yield made
    for name in (queue, f"{queue}.dlq", f"{queue}.seen"):
        channel.queue_delete(name)
    connection.close()


def until(condition: Callable[[], object], *, step: Callable[[], object], seconds: float = 60) -> None:
    """Run `step`, which waits by itself, until `condition()` holds; fails after `seconds`."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "the condition did not come to hold"
        step()
