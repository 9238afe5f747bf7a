"""How ingest does, in Prometheus' form: served by the process itself at PORT, inside, where the gateway leads nobody."""

import os
import time

from pika.adapters.blocking_connection import BlockingChannel
from prometheus_client import Counter, Gauge, Histogram, start_http_server

from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.health import note_ingest

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


class Watch:
    """Looks at the lengths of the queues now and then, on the channel that consumes, and notes how ingest does."""

    def __init__(self) -> None:
        self._due = 0.0
        self.oldest = 0.0

    def waited(self, seconds: float) -> None:
        """The oldest message of a batch, until it was acknowledged."""
        oldest_seconds.set(seconds)
        self.oldest = max(self.oldest, seconds)

    def look(self, channel: BlockingChannel) -> None:
        """Raises Error when the database is away."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + LOOK_SECONDS
        lengths = []
        for queue, gauge in ((QUEUE, queue_messages), (DEAD_LETTERS, parked_messages)):
            lengths.append(channel.queue_declare(queue, passive=True).method.message_count)
            gauge.set(lengths[-1])
        note_ingest(waiting=lengths[0], parked=lengths[1], oldest_seconds=self.oldest)
        self.oldest = 0.0
