"""How much ingest takes in hand at once, whatever size the messages have."""

import json
import uuid
from datetime import timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, eventually, reading, ten_minutes
from monitoring_service.readings.batch import BATCH_BYTES, BATCH_READINGS, MOST_MESSAGES, Batch, Message
from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.decoding import MAX_BODY_BYTES
from monitoring_service.readings.models import Reading
from monitoring_service.readings.tests.consumers import Meters, ingesting, left_in


def batch_of(*bodies: bytes) -> Batch:
    made = Batch()
    for number, body in enumerate(bodies):
        made.add(Message(body, "", 0), number)
    return made


def test_of_small_messages_the_broker_hands_out_as_many_as_may_wait() -> None:
    assert batch_of(json.dumps(reading(DAY, 0.1)).encode()).prefetch() == MOST_MESSAGES


def test_of_large_ones_no_more_than_their_bytes_allow() -> None:
    large = batch_of(*[b"x" * MAX_BODY_BYTES] * 3)
    assert large.prefetch() * MAX_BODY_BYTES <= 2 * BATCH_BYTES
    huge = batch_of(b"x" * 10 * MAX_BODY_BYTES)
    assert huge.prefetch() * 10 * MAX_BODY_BYTES <= 2 * BATCH_BYTES + 10 * MAX_BODY_BYTES


def test_arrays_count_as_their_readings() -> None:
    pairs = [[row["timestamp"], row["measurement_value"]] for row in ten_minutes(DAY, [0.1] * 100)]
    array = json.dumps({"device_id": str(METER), "readings": pairs}).encode()
    assert batch_of(array, array).prefetch() == 2 * BATCH_READINGS / 100


@pytest.mark.django_db(transaction=True)
def test_messages_of_every_size_one_after_the_other(meter: uuid.UUID, meters: Meters, operator: Any) -> None:
    """The prefetch changes between them, which gives back what was handed out: nothing is lost by it."""
    rows = ten_minutes(DAY - timedelta(days=30), [0.1] * 4_000)
    pairs = [[row["timestamp"], row["measurement_value"]] for row in rows]
    with ingesting():
        meters.send(*rows[:50])
        for first in range(50, 2_050, 500):
            meters.send({"device_id": str(METER), "readings": pairs[first : first + 500]})
            meters.send(b"x" * (MAX_BODY_BYTES + 1))
        meters.send(*rows[2_050:2_100], {"device_id": str(METER), "readings": pairs[2_100:3_000]}, *rows[3_000:])
        eventually("all are stored", lambda: Reading.objects.count() == 4_000)
        eventually("nothing is left", lambda: left_in(operator, QUEUE) == 0)
    assert left_in(operator, DEAD_LETTERS) == 4
