import os
from collections.abc import Iterator
from typing import Any

import pika
import pytest


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
