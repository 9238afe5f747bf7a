"""`ingest_measurements`: readings from the meters' queue, many in one transaction; commit, then acknowledge.

A batch is acknowledged when its readings are committed and its refusals confirmed in the dead-letter queue. Whatever ends the
process before leaves the messages to be delivered again, and storing a reading twice changes nothing.
"""

import json
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import structlog
from django.conf import settings
from django.db import Error, connection, transaction
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPError
from pika.spec import Basic, BasicProperties

from monitoring_service.devices.services import note_connections
from monitoring_service.readings import metrics, mqtt
from monitoring_service.readings.dead_letters import QUEUE, DeadLetters
from monitoring_service.readings.decoding import Readings, Refusal, Refused, decode
from monitoring_service.readings.services import Stored, speakers, store_readings
from service_kit.consumer import RETRY_AT_ONCE, TRIES_IN_PROCESS, database_is_away, sqlstate
from service_kit.faults import fault_point
from service_kit.messaging import connect, quietly

log = structlog.get_logger(__name__)
# Each batch computes an hour once, however many of its readings fall into it: of 1,000 meters, 10,000 readings in one batch
# cost a third of what they cost in five.
BATCH_READINGS = 10_000
# Bounds the memory that waiting bodies take, whatever size they are.
BATCH_BYTES = 16 * 1024 * 1024
# Each is confirmed by the broker before the acknowledgement; many must not keep the process from its heartbeat.
BATCH_REFUSALS = 500
# Messages that the broker hands out before any has shown how large they are.
FIRST_PREFETCH = 20
# A batch is written after the first of these, or, while messages wait, after the second: the fuller, the cheaper a reading.
FLUSH_SECONDS, LONGEST_FLUSH_SECONDS = 0.2, 1.0
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 5
BEAT_SECONDS = 2


class Message(NamedTuple):
    """`topic` is the routing key of a message that came by MQTT, empty for one that came by AMQP."""

    body: bytes
    topic: str
    arrived_us: int

    def refused(self, reason: str) -> Refusal:
        return Refusal(self.body, reason, topic=self.topic, arrived_us=self.arrived_us)


class Batch:
    """Messages in hand, not yet acknowledged."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.readings = Readings()
        self.connections: list[mqtt.Connection] = []
        self.bytes = 0
        self.tag = 0
        self.begun = 0.0
        # What meters say by MQTT depends on what device they are, which only the database knows.
        self._untranslated: list[Message] = []

    def add(self, message: Message, tag: int) -> None:
        if not self.messages:
            self.begun = time.monotonic()
        self.messages.append(message)
        self.bytes += len(message.body)
        self.tag = tag
        if message.topic:
            self._untranslated.append(message)
        else:
            decode(message.body, self.readings, now_us=_now_us())

    def _translate(self) -> None:
        """Decode what came by MQTT. Asks the database for all of its devices at once."""
        waiting, known = self._untranslated, speakers({mqtt.device_of(m.topic) for m in self._untranslated})
        self._untranslated = []
        for message in waiting:
            device_id = mqtt.device_of(message.topic)
            try:
                if device_id not in known:
                    raise Refused(f"device {device_id} is not known: create it, then send this again")
                found = mqtt.read(message.topic, message.body, known[device_id], arrived_us=message.arrived_us)
            except Refused as error:
                self.readings.refusals.append(message.refused(str(error)))
                continue
            if isinstance(found, list) and (unread := [each for each in found if isinstance(each, mqtt.Unread)]):
                for entry, reason in unread:
                    alone = message._replace(body=json.dumps(entry).encode())
                    self.readings.refusals.append(alone.refused(reason))
                found = [each for each in found if not isinstance(each, mqtt.Unread)] or None
            if isinstance(found, mqtt.Connection):
                self.connections.append(found)
            elif found is not None:
                decode(json.dumps(found).encode(), self.readings, now_us=_now_us())

    def store(self) -> Stored:
        """One transaction for all of it."""
        self._translate()
        with transaction.atomic():
            result = store_readings(readings=self.readings)
            note_connections(self.connections)
        return result

    def _filled(self) -> float:
        """Which part of the most that a batch may hold."""
        readings = max(len(self.readings) + len(self._untranslated), len(self.messages))
        return max(readings / BATCH_READINGS, self.bytes / BATCH_BYTES, len(self.readings.refusals) / BATCH_REFUSALS)

    def is_due(self, waiting: int) -> bool:
        """`waiting`: messages that are here already and not yet in the batch."""
        if not self.messages:
            return False
        age = time.monotonic() - self.begun
        return age >= (LONGEST_FLUSH_SECONDS if waiting else FLUSH_SECONDS) or self._filled() >= 1

    def prefetch(self) -> int:
        """How many messages like these the broker should hand out: two batches, so that one waits while the other is written."""
        return max(2, round(2 * len(self.messages) / self._filled()))


def _now_us() -> int:
    return time.time_ns() // 1_000


def _message(method: Basic.Deliver, properties: BasicProperties, body: bytes) -> Message:
    came_by_mqtt = method.exchange == mqtt.EXCHANGE
    # Newer brokers note when a message came, so that one that waited here has its right time.
    noted = (properties.headers or {}).get("timestamp_in_ms")
    arrived = noted * 1_000 if isinstance(noted, int) else _now_us()
    return Message(body, method.routing_key if came_by_mqtt else "", arrived)


class Ingest:
    """Consumes until `stop`; mends broken connections to broker and database by waiting, with what it holds in hand."""

    def __init__(self, *, url: str | None = None, dead_letters: DeadLetters | None = None) -> None:
        self._url = url or settings.METER_BROKER_URL
        self._dead_letters = dead_letters or DeadLetters(self._url)
        self._stop = threading.Event()
        self.stored = 0
        self._wait = FIRST_WAIT_SECONDS
        heartbeat = os.environ.get("HEARTBEAT_FILE")
        self._heartbeat = Path(heartbeat) if heartbeat else None
        self._next_beat = 0.0
        self._watch = metrics.Watch()

    def stop(self, number: int = 0, frame: FrameType | None = None) -> None:
        """Finish the batch in hand, acknowledge it and return from `run`."""
        self._stop.set()

    def run(self) -> None:
        while not self._stop.is_set():
            self._beat()
            try:
                self._consume()
            except (AMQPError, OSError) as error:
                # Unacknowledged messages go back to the queue by themselves.
                log.warning("broker away", error=f"{type(error).__name__}: {error}", retry_in=self._wait)
                self._dead_letters.close()
                self._stop.wait(self._wait)
                self._wait = min(self._wait * 2, LONGEST_WAIT_SECONDS)
        self._dead_letters.close()
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
        for method, properties, body in channel.consume(QUEUE, inactivity_timeout=FLUSH_SECONDS / 2):
            if method is not None:
                batch.add(_message(method, properties, body), method.delivery_tag)
                if not self._stop.is_set() and not batch.is_due(channel.get_waiting_message_count()):
                    continue
            self._beat()
            self._look(channel)
            if not batch.messages:
                if self._stop.is_set():
                    return None
                continue
            self._flush(channel, batch)
            if self._stop.is_set():
                return None
            if not prefetch / 2 <= (better := batch.prefetch()) <= prefetch * 2:
                channel.cancel()  # what was handed out meanwhile goes back
                return better
            batch = Batch()
        return None

    def _beat(self) -> None:
        """Tell the process's keeper, every other second, that it goes round; waiting for a database is going round."""
        if self._heartbeat is not None and time.monotonic() >= self._next_beat:
            self._heartbeat.touch()
            self._next_beat = time.monotonic() + BEAT_SECONDS

    def _look(self, channel: BlockingChannel) -> None:
        try:
            self._watch.look(channel)
        except Error as error:
            if not database_is_away(error):
                raise
            connection.close()
            log.warning("database away, nothing noted of ingest", error=str(error).strip())

    def _flush(self, channel: BlockingChannel, batch: Batch) -> None:
        with metrics.batch_seconds.time():
            self._settle(channel, batch)

    def _settle(self, channel: BlockingChannel, batch: Batch) -> None:
        """Commit, then park what was refused, then acknowledge."""
        refusals = self._store(channel, batch)
        if refusals is None:
            return
        fault_point("after_commit_before_ack")
        for refusal in refusals:
            self._dead_letters.put(refusal)
        if refusals:
            log.warning("readings refused", count=len(refusals), first=refusals[0].reason)
        channel.basic_ack(batch.tag, multiple=True)
        metrics.readings_total.labels("refused").inc(len(refusals))
        self._watch.waited((_now_us() - min(m.arrived_us for m in batch.messages)) / 1e6)
        if batch.readings.at_us:
            metrics.newest_reading.set(max(batch.readings.at_us) / 1e6)

    def _store(self, channel: BlockingChannel, batch: Batch) -> list[Refusal] | None:
        """What was refused of the batch, the rest being committed; None when told to stop while the database was away."""
        wait, tries = FIRST_WAIT_SECONDS, 0
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
                    self._beat()
                    log.warning("database away, holding the batch", readings=len(batch.readings), retry_in=wait)
                    if self._stop.is_set():
                        return None
                    # Waits on the broker's connection, so that its heartbeats go on.
                    channel.connection.sleep(wait)
                    wait = min(wait * 2, LONGEST_WAIT_SECONDS)
                    continue
                tries += 1
                if sqlstate(error) in RETRY_AT_ONCE and tries < TRIES_IN_PROCESS:
                    continue
                if len(batch.messages) == 1:
                    log.exception("message cannot be stored")
                    return [batch.messages[0].refused(f"it cannot be stored: {str(error).strip()}")]
                return self._store_alone(channel, batch)

    def _store_alone(self, channel: BlockingChannel, batch: Batch) -> list[Refusal] | None:
        """Message by message: when one of them cannot be stored, its neighbours must not suffer."""
        log.error("batch cannot be stored as one, trying message by message", messages=len(batch.messages))
        refusals: list[Refusal] = []
        for message in batch.messages:
            single = Batch()
            single.add(message, batch.tag)
            refused = self._store(channel, single)
            if refused is None:
                return None
            refusals += refused
        return refusals


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
