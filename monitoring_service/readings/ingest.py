"""`ingest_measurements`: readings from the meters' queue, many in one transaction; commit, then acknowledge.

A batch is acknowledged when its readings are committed and its refusals confirmed in the dead-letter queue. Whatever ends the
process before leaves the messages to be delivered again, and storing a reading twice changes nothing.
"""

import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import Error, connection
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError

from monitoring_service.readings import metrics, mqtt
from monitoring_service.readings.batch import FLUSH_SECONDS, Batch, message_of, now_us
from monitoring_service.readings.dead_letters import QUEUE, DeadLetters
from monitoring_service.readings.decoding import Refusal
from monitoring_service.readings.health import note_ingest
from service_kit.consumer import RETRY_AT_ONCE, TRIES_IN_PROCESS, database_is_away, sqlstate
from service_kit.faults import fault_point
from service_kit.messaging import connect, quietly

log = structlog.get_logger(__name__)
# Messages that the broker hands out before any has shown how large they are.
FIRST_PREFETCH = 20
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 5
BEAT_SECONDS = 2


class Writing(NamedTuple):
    """A batch on its way into the database; the future says what was refused of it, or None when told to stop meanwhile."""

    batch: Batch
    refusals: Future[list[Refusal] | None]
    begun: float

    def done(self) -> bool:
        return self.refusals.done()


class Writer:
    """Stores one batch after the other in a thread of its own, while the next is taken from the broker and decoded."""

    def __init__(self, stop: threading.Event) -> None:
        self.stored = 0
        self._stop = stop
        self._thread = ThreadPoolExecutor(1, "writer")
        self._last: Future[list[Refusal] | None] | None = None

    def write(self, batch: Batch) -> Writing:
        self._last = self._thread.submit(self._store, batch)
        return Writing(batch, self._last, time.monotonic())

    def idle(self, within: float) -> bool:
        """Whether nothing is being written any more, after at most so many seconds."""
        return self._last is None or bool(wait([self._last], within).done)

    def note(self, lengths: metrics.Lengths) -> None:
        """Tell the web process how ingest does, when there is a database to tell it in."""
        self._thread.submit(self._note, lengths)

    def close(self) -> None:
        # The thread's own connection, not that of the caller.
        self._thread.submit(lambda: connection.close())
        self._thread.shutdown()

    def _note(self, lengths: metrics.Lengths) -> None:
        try:
            note_ingest(**lengths._asdict())
        except Error as error:
            connection.close()
            log.warning("nothing noted of ingest", error=str(error).strip())

    def _store(self, batch: Batch) -> list[Refusal] | None:
        """What was refused of the batch, the rest being committed; None when told to stop while the database was away."""
        pause, tries = FIRST_WAIT_SECONDS, 0
        while True:
            try:
                fault_point("before_commit")
                result = batch.store()
                self.stored += result.accepted
                for outcome in ("accepted", "duplicates", "held"):
                    metrics.readings_total.labels(outcome).inc(getattr(result, outcome))
                return result.refusals
            except Error as error:
                if database_is_away(error):
                    connection.close()
                    log.warning("database away, holding the batch", readings=len(batch.readings), retry_in=pause)
                    if self._stop.wait(pause):
                        return None
                    pause = min(pause * 2, LONGEST_WAIT_SECONDS)
                    continue
                tries += 1
                if sqlstate(error) in RETRY_AT_ONCE and tries < TRIES_IN_PROCESS:
                    continue
                if len(batch.messages) == 1:
                    log.exception("message cannot be stored")
                    return [batch.messages[0].refused(f"it cannot be stored: {str(error).strip()}")]
                return self._store_alone(batch)

    def _store_alone(self, batch: Batch) -> list[Refusal] | None:
        """Message by message: when one of them cannot be stored, its neighbours must not suffer."""
        log.error("batch cannot be stored as one, trying message by message", messages=len(batch.messages))
        refusals: list[Refusal] = []
        for message in batch.messages:
            single = Batch()
            single.add(message, batch.tag)
            refused = self._store(single)
            if refused is None:
                return None
            refusals += refused
        return refusals


class Ingest:
    """Consumes until `stop`; mends broken connections to broker and database by waiting, with what it holds in hand."""

    def __init__(self, *, url: str | None = None, dead_letters: DeadLetters | None = None) -> None:
        self._url = url or settings.METER_BROKER_URL
        self._dead_letters = dead_letters or DeadLetters(self._url)
        self._stop = threading.Event()
        self._writer = Writer(self._stop)
        self._wait = FIRST_WAIT_SECONDS
        heartbeat = os.environ.get("HEARTBEAT_FILE")
        self._heartbeat = Path(heartbeat) if heartbeat else None
        self._next_beat = 0.0
        self._watch = metrics.Watch()

    @property
    def stored(self) -> int:
        """Readings stored so far."""
        return self._writer.stored

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Finish the batch in hand, acknowledge it and return from `run`."""
        self._stop.set()

    def run(self) -> None:
        while not self._stop.is_set():
            self._beat()
            # What a lost broker left behind is written first: batches must not pile up before a database that is away.
            if not self._writer.idle(within=BEAT_SECONDS):
                continue
            try:
                self._consume()
            except (AMQPError, OSError) as error:
                # Unacknowledged messages go back to the queue by themselves.
                log.warning("broker away", error=f"{type(error).__name__}: {error}", retry_in=self._wait)
                self._dead_letters.close()
                self._stop.wait(self._wait)
                self._wait = min(self._wait * 2, LONGEST_WAIT_SECONDS)
        self._dead_letters.close()
        self._writer.close()
        log.info("ingest stopped", stored=self.stored)

    def _consume(self) -> None:
        link = connect(self._url, name=f"{settings.SERVICE} ingest_measurements")
        try:
            channel = link.channel()
            _declare(channel)
            log.info("ingest runs", queue=QUEUE)
            self._wait = FIRST_WAIT_SECONDS
            prefetch: int | None = FIRST_PREFETCH
            while prefetch:
                channel.basic_qos(prefetch_count=prefetch)
                prefetch = self._take_batches(channel, prefetch)
        finally:
            if link.is_open:
                quietly(link.close)

    def _take_batches(self, channel: BlockingChannel, prefetch: int) -> int | None:
        """Until messages of another size come: the prefetch for those. None when told to stop, or when the queue is gone."""
        batch = Batch()
        writing: Writing | None = None
        for method, properties, body in channel.consume(QUEUE, inactivity_timeout=FLUSH_SECONDS / 2):
            stopping = self._stop.is_set()
            if method is not None:
                batch.add(message_of(method, properties, body), method.delivery_tag)
                if not stopping and not batch.is_due(channel.get_waiting_message_count()):
                    continue
            self._beat()
            if lengths := self._watch.look(channel):
                self._writer.note(lengths)
            if stopping:
                break
            if writing is not None:
                if not writing.done() and not batch.is_full():
                    continue
                if not self._settle(channel, writing):
                    return None
                writing = None
            if batch.messages:
                writing, batch = self._writer.write(batch), Batch()
                better = writing.batch.prefetch()
                if not prefetch / 2 <= better <= prefetch * 2:
                    settled = self._settle(channel, writing)
                    channel.cancel()  # what was handed out meanwhile goes back
                    return better if settled else None
        # What is in hand is finished, also when somebody has deleted the queue that it came from.
        if (writing is None or self._settle(channel, writing)) and batch.messages:
            self._settle(channel, self._writer.write(batch))
        return None

    def _beat(self) -> None:
        """Tell the process's keeper, every other second, that it goes round; waiting for a database is going round."""
        if self._heartbeat is not None and time.monotonic() >= self._next_beat:
            self._heartbeat.touch()
            self._next_beat = time.monotonic() + BEAT_SECONDS

    def _settle(self, channel: BlockingChannel, writing: Writing) -> bool:
        """Wait for the commit, then park what was refused, then acknowledge.

        False: it is not stored, and no later batch may be acknowledged, for that would acknowledge this one too.
        """
        while not wait([writing.refusals], BEAT_SECONDS).done:
            self._beat()
            channel.connection.process_data_events(0)  # heartbeats
        batch, refusals = writing.batch, writing.refusals.result()
        if refusals is None:
            return False
        fault_point("after_commit_before_ack")
        for refusal in refusals:
            self._dead_letters.put(refusal)
        if refusals:
            log.warning("readings refused", count=len(refusals), first=refusals[0].reason)
        channel.basic_ack(batch.tag, multiple=True)
        metrics.batch_seconds.observe(time.monotonic() - writing.begun)
        metrics.readings_total.labels("refused").inc(len(refusals))
        self._watch.waited((now_us() - min(m.arrived_us for m in batch.messages)) / 1e6)
        if batch.readings.at_us:
            metrics.newest_reading.set(max(batch.readings.at_us) / 1e6)
        return True


def _declare(channel: BlockingChannel) -> None:
    """The queue and its topics as broker/definitions.json has them: a meter's right to declare it is a right to delete it."""
    channel.queue_declare(QUEUE, durable=True)
    for binding in mqtt.BINDINGS:
        channel.queue_bind(QUEUE, mqtt.EXCHANGE, binding)


def run_until_signalled() -> int:
    """The process: SIGTERM and SIGINT finish the batch in hand."""
    ingest = Ingest()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ingest.stop)
    metrics.serve()
    ingest.run()
    return 0
