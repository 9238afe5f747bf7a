"""What ingest has in hand: messages that are not acknowledged yet, and the readings in them."""

import json
import time
from typing import NamedTuple

from django.db import transaction
from pika.spec import Basic, BasicProperties

from monitoring_service.devices.services import note_connections
from monitoring_service.readings import mqtt
from monitoring_service.readings.checks import Refused
from monitoring_service.readings.decoding import Readings, Refusal, decode
from monitoring_service.readings.services import Stored, speakers, store_readings

# Each batch computes an hour once, however many of its readings fall into it: of 1,000 meters that report at one instant, 20,000
# readings in one batch cost 0.7 times what they cost in two.
BATCH_READINGS = 20_000
# Each is a delivery that waits in memory.
MOST_MESSAGES = 20_000
# Bounds the memory that waiting bodies take, whatever size they are.
BATCH_BYTES = 16 * 1024 * 1024
# Each is confirmed by the broker before the acknowledgement; many must not keep the process from its heartbeat.
BATCH_REFUSALS = 500
# A batch is written after the first of these, or, while messages wait, after the second: the fuller, the cheaper a reading.
FLUSH_SECONDS, LONGEST_FLUSH_SECONDS = 0.2, 1.0


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
            decode(message.body, self.readings, now_us=now_us())

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
                decode(json.dumps(found).encode(), self.readings, now_us=now_us())

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

    def is_full(self) -> bool:
        return self._filled() >= 1

    def is_due(self, waiting: int) -> bool:
        """`waiting`: messages that are here already and not yet in the batch."""
        age = time.monotonic() - self.begun
        return age >= (LONGEST_FLUSH_SECONDS if waiting else FLUSH_SECONDS) or self.is_full()

    def prefetch(self) -> int:
        """How many messages like these the broker should hand out: two batches, so that one is filled while the other is written."""
        return min(max(2, round(2 * len(self.messages) / self._filled())), MOST_MESSAGES)


def now_us() -> int:
    return time.time_ns() // 1_000


def message_of(method: Basic.Deliver, properties: BasicProperties, body: bytes) -> Message:
    came_by_mqtt = method.exchange == mqtt.EXCHANGE
    # Newer brokers note when a message came, so that one that waited here has its right time.
    noted = (properties.headers or {}).get("timestamp_in_ms")
    arrived = noted * 1_000 if isinstance(noted, int) else now_us()
    return Message(body, method.routing_key if came_by_mqtt else "", arrived)
