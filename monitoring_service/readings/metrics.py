"""How ingest does, in Prometheus' form: served by the process itself at PORT, inside, where the gateway leads nobody."""

import os
import time
from typing import NamedTuple

from pika.adapters.blocking_connection import BlockingChannel
from prometheus_client import Counter, Gauge, Histogram, start_http_server

from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE

LOOK_SECONDS = 5

readings_total = Counter("ems_ingest_readings", "Readings by what became of them.", ["outcome"])
batch_seconds = Histogram("ems_ingest_batch_seconds", "From a full batch to its acknowledgement.")
queue_messages = Gauge("ems_ingest_queue_messages", "Messages that wait in device_data_queue: the lag.")
parked_messages = Gauge("ems_ingest_parked_messages", "Refused readings in device_data_queue.dlq.")
oldest_seconds = Gauge("ems_ingest_oldest_seconds", "How long the oldest message of the last batch had waited.")
newest_reading = Gauge("ems_ingest_newest_reading_timestamp_seconds", "Instant of the newest reading taken in.")


def serve() -> None:
    """At PORT, where it is set."""
    if port := os.environ.get("PORT"):
        start_http_server(int(port), addr=os.environ.get("HOST", "0.0.0.0"))


class Lengths(NamedTuple):
    """Messages that wait and that are parked, and how long the oldest of those taken since the last look had waited."""

    waiting: int
    parked: int
    oldest_seconds: float


class Watch:
    """Looks at the lengths of the queues now and then, on the channel that consumes."""

    def __init__(self) -> None:
        self._due = 0.0
        self._oldest = 0.0

    def waited(self, seconds: float) -> None:
        """The oldest message of a batch, until it was acknowledged."""
        oldest_seconds.set(seconds)
        self._oldest = max(self._oldest, seconds)

    def look(self, channel: BlockingChannel) -> Lengths | None:
        """None when it looked a moment ago."""
        if time.monotonic() < self._due:
            return None
        self._due = time.monotonic() + LOOK_SECONDS
        waiting, parked = (
            channel.queue_declare(queue, passive=True).method.message_count for queue in (QUEUE, DEAD_LETTERS)
        )
        queue_messages.set(waiting)
        parked_messages.set(parked)
        oldest, self._oldest = self._oldest, 0.0
        return Lengths(waiting, parked, oldest)
