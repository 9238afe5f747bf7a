import json
import os
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pika
import pytest

from monitoring_service.conftest import METER

Publish = Callable[..., None]


@pytest.fixture
def operator() -> Iterator[Any]:
    """A channel of the broker's administrator, on empty queues."""
    from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE

    link = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_ADMIN_URL"].rsplit("/", 1)[0] + "/%2F"))
    channel = link.channel()
    for queue in (QUEUE, DEAD_LETTERS):
        channel.queue_purge(queue)
    yield channel
    for queue in (QUEUE, DEAD_LETTERS):
        channel.queue_purge(queue)
    link.close()


@pytest.fixture
def meters(operator: Any) -> Iterator[Any]:
    from monitoring_service.readings.tests.consumers import Meters

    found = Meters()
    yield found
    found.link.close()


@pytest.fixture
def publish(operator: Any) -> Publish:
    """`publish("energy", {...}, device)`: a message as the broker's MQTT plug-in hands it on."""
    operator.confirm_delivery()

    def make(topic: str, body: Any, device_id: uuid.UUID = METER, **properties: Any) -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        key = f"energy.devices.{device_id}.{topic.replace('/', '.')}"
        # `mandatory`: a topic that leads nowhere is an error.
        operator.basic_publish("amq.topic", key, raw, pika.BasicProperties(**properties), mandatory=True)

    return make
