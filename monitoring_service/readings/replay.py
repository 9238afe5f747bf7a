"""Refused readings tried again, once what was wrong has been mended: the device made, a limit raised, a decoder corrected."""

import time

from django.conf import settings
from pika.spec import BasicProperties

from monitoring_service.readings.batch import Batch, Message
from monitoring_service.readings.checks import Refused
from monitoring_service.readings.dead_letters import ARRIVED, DEAD_LETTERS, TOPIC
from service_kit.consumer import database_may_be_away
from service_kit.dead_letters import DeadLetterQueue


def replay(body: bytes, properties: BasicProperties) -> None:
    """Store the letter's readings as ingest would. Raises Refused with what is still wrong; then what is right is stored."""
    headers = properties.headers or {}
    arrived_ms = headers.get(ARRIVED, time.time_ns() // 1_000_000)
    batch = Batch()
    batch.add(Message(body, str(headers.get(TOPIC, "")), arrived_ms * 1_000), 0)
    with database_may_be_away():
        stored = batch.store()
    if stored.refusals:
        raise Refused("; ".join(refusal.reason for refusal in stored.refusals))


def dead_letters() -> list[DeadLetterQueue]:
    return [DeadLetterQueue(DEAD_LETTERS, settings.METER_BROKER_URL, replay)]
