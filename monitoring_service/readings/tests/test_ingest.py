"""Meters publish to the real queue; whatever happens to the consumer, every reading is counted once."""

import json
import random
import signal
import socket
import threading
import urllib.request
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import pytest
from django.db import OperationalError, connection

from monitoring_service.conftest import DAY, METER, device_event, eventually, reading, ten_minutes
from monitoring_service.hours.models import Hour
from monitoring_service.readings.batch import Batch
from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.models import HeldReading, IngestState, Reading
from monitoring_service.readings.services import Stored
from monitoring_service.readings.tests.consumers import (
    KILLED,
    Meters,
    dead_letters,
    ingesting,
    left_in,
    process,
    total,
)

pytestmark = pytest.mark.django_db(transaction=True)


def test_single_readings_and_arrays_become_hours(meter: uuid.UUID, meters: Meters, operator: Any) -> None:
    rows = ten_minutes(DAY, [0.1] * 144)
    meters.send(*rows[:20], rows[20:80], {"device_id": str(METER), "readings": [
        [row["timestamp"], row["measurement_value"]] for row in rows[80:]]})  # fmt: skip

    with ingesting():
        eventually("all are stored", lambda: Reading.objects.count() == 144)

    assert total() == pytest.approx(14.4)
    assert (left_in(operator, QUEUE), left_in(operator, DEAD_LETTERS)) == (0, 0)


def test_a_bad_reading_goes_to_the_dead_letters_and_its_neighbours_stay(
    meter: uuid.UUID, meters: Meters, operator: Any
) -> None:
    rows = ten_minutes(DAY, [0.1] * 6)
    naive = {**rows[0], "timestamp": "2026-03-10T00:10:00"}
    meters.send([rows[0], naive, rows[1]], b"not json", rows[2:], {**rows[0], "measurement_value": -1})

    with ingesting():
        eventually("three are refused", lambda: left_in(operator, DEAD_LETTERS) == 3)
        eventually("all others are stored", lambda: Reading.objects.count() == 6)

    refused = dead_letters(operator)
    assert json.loads(refused[0][0]) == naive
    assert "2026-03-10T00:10:00" in refused[0][1]
    assert refused[1][0] == b"not json"
    assert "not JSON" in refused[1][1]
    assert "negative" in refused[2][1]
    assert left_in(operator, QUEUE) == 0


def test_a_batch_that_was_not_stored_is_not_acknowledged_with_the_next(
    meter: uuid.UUID, meters: Meters, operator: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told to stop while the database is away, with one batch on its way into it and the next in hand; then it is back."""
    rows = ten_minutes(DAY, [0.1] * 144)
    store, on_its_way, told_to_stop = Batch.store, threading.Event(), threading.Event()

    def away_once(batch: Batch) -> Stored:
        monkeypatch.setattr(Batch, "store", store)
        on_its_way.set()
        told_to_stop.wait(30)
        raise OperationalError("server closed the connection unexpectedly")

    meters.send(*rows[:48])
    with ingesting() as (ingest,):
        eventually("the broker hands out more than one batch", lambda: Reading.objects.count() == 48)
        monkeypatch.setattr(Batch, "store", away_once)
        meters.send(*rows[48:96])
        assert on_its_way.wait(30)
        meters.send(*rows[96:])
        eventually("the next batch is in hand", lambda: left_in(operator, QUEUE) == 0)
        ingest.stop()
        told_to_stop.set()
    with ingesting():
        eventually("all are stored", lambda: Reading.objects.count() == 144)


@pytest.mark.parametrize("point", ["before_commit", "after_commit_before_ack"])
def test_a_consumer_killed_around_its_commit_loses_and_doubles_nothing(
    meter: uuid.UUID, meters: Meters, operator: Any, point: str
) -> None:
    meters.send(*ten_minutes(DAY, [0.1] * 144))

    assert process(FAULT=point).wait(timeout=30) == KILLED
    stored_before = Reading.objects.count()
    with ingesting():
        eventually("nothing is left", lambda: left_in(operator, QUEUE) == 0 and Reading.objects.count() == 144)

    assert (stored_before > 0) == (point == "after_commit_before_ack")
    assert total() == pytest.approx(14.4)
    assert left_in(operator, DEAD_LETTERS) == 0


def test_kills_at_any_moment_while_readings_flow(meter: uuid.UUID, meters: Meters, operator: Any) -> None:
    chance = random.Random(3)
    rows = ten_minutes(DAY - timedelta(days=20), [0.1] * 144 * 20)
    for part in range(4):
        consumer = process()
        meters.send(*rows[part * 720 : (part + 1) * 720])
        least = part * 300
        eventually("it has begun", lambda: Reading.objects.count() > least)  # noqa: B023 - called at once
        threading.Event().wait(chance.random() / 5)
        consumer.send_signal(signal.SIGKILL)
        consumer.wait(timeout=10)

    with ingesting():
        eventually("all are stored", lambda: Reading.objects.count() == len(rows))
        eventually("nothing is left", lambda: left_in(operator, QUEUE) == 0)

    assert total() == pytest.approx(len(rows) * 0.1)


def test_sigterm_finishes_the_batch(meter: uuid.UUID, meters: Meters, operator: Any) -> None:
    consumer = process()
    meters.send(*ten_minutes(DAY, [0.1] * 144))
    eventually("it has begun", lambda: Reading.objects.exists())

    consumer.terminate()

    assert consumer.wait(timeout=30) == 0
    assert left_in(operator, QUEUE) + Reading.objects.count() >= 144
    with ingesting():
        eventually("all are stored", lambda: Reading.objects.count() == 144)
    assert total() == pytest.approx(14.4)


def test_two_consumers_on_the_same_devices(
    deliver: Callable[..., None], meters: Meters, operator: Any, alice: Any
) -> None:
    devices = [uuid.UUID(int=n) for n in range(1, 21)]
    for device_id in devices:
        deliver(device_event(device_id))
    rows = [row for device_id in devices for row in ten_minutes(DAY, [0.1] * 144, device_id)]
    random.Random(5).shuffle(rows)
    doubled = rows + rows[:500]

    with ingesting(2) as consumers:
        meters.send(*[doubled[n : n + 50] for n in range(0, len(doubled), 50)])
        eventually("nothing is left", lambda: left_in(operator, QUEUE) == 0 and Reading.objects.count() == len(rows))

    assert sum(consumer.stored for consumer in consumers) == len(rows)
    assert total() == pytest.approx(len(rows) * 0.1)
    assert set(Hour.objects.values_list("readings", flat=True)) == {6}


def test_a_lost_database_connection_holds_the_batch(meter: uuid.UUID, meters: Meters, operator: Any) -> None:
    rows = ten_minutes(DAY, [0.1] * 144)

    with ingesting():
        meters.send(*rows[:72])
        eventually("the first half is stored", lambda: Reading.objects.count() == 72)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            assert cursor.fetchone()[0] >= 1
        meters.send(*rows[72:])
        eventually("the second half too", lambda: Reading.objects.count() == 144)

    assert total() == pytest.approx(14.4)
    assert left_in(operator, DEAD_LETTERS) == 0


def test_a_reading_of_an_unknown_device_waits_in_the_database(
    meters: Meters, operator: Any, deliver: Callable[..., None]
) -> None:
    with ingesting():
        meters.send(reading(DAY, 0.25))
        eventually("it is taken from the queue", lambda: left_in(operator, QUEUE) == 0)
        eventually("it is held", lambda: HeldReading.objects.exists())

    deliver(device_event())

    assert total() == pytest.approx(0.25)


def test_a_queue_that_somebody_deletes_is_there_again(meter: uuid.UUID, meters: Meters, operator: Any) -> None:
    """A meter's right to declare the queue is a right to delete it, too."""
    with ingesting():
        meters.send(reading(DAY, 0.25))
        eventually("ingest runs", lambda: Reading.objects.count() == 1)
        operator.queue_delete(QUEUE)
        eventually("it is declared again", lambda: declared(operator))
        meters.send(reading(DAY + timedelta(minutes=10), 0.25))
        eventually("and read", lambda: Reading.objects.count() == 2)


def declared(operator: Any) -> bool:
    channel = operator.connection.channel()
    try:
        channel.queue_declare(QUEUE, passive=True)
    except pika.exceptions.ChannelClosedByBroker:
        return False
    channel.close()
    return True


def test_its_metrics_say_how_it_does(meter: uuid.UUID, meters: Meters, operator: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    meters.send(*ten_minutes(DAY, [0.1] * 12), reading(DAY, -1), b"not json")
    consumer = process(PORT=str(port), HOST="127.0.0.1")

    def said(metric: str) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
                return metric in answer.read().decode().splitlines()
        except OSError:
            return False

    try:
        eventually("the accepted are counted", lambda: said('ems_ingest_readings_total{outcome="accepted"} 12.0'))
        eventually("and the refused", lambda: said('ems_ingest_readings_total{outcome="refused"} 2.0'))
        eventually("the parked are seen", lambda: said("ems_ingest_parked_messages 2.0"))
        eventually("the queue is empty", lambda: said("ems_ingest_queue_messages 0.0"))
    finally:
        consumer.terminate()
        assert consumer.wait(timeout=30) == 0


def test_health_says_when_ingest_is_gone_or_lags_and_answers_all_the_same(
    meter: uuid.UUID, meters: Meters, operator: Any, client: Any
) -> None:
    def warnings() -> Any:
        answer = client.get("/api/monitoring/health")
        assert answer.status_code == 200
        return answer.json()["warnings"]

    assert "has not run yet" in warnings()["ingest"]
    meters.send(*ten_minutes(DAY, [0.1] * 6), b"not json")
    with ingesting():
        eventually("it is seen", lambda: "ingest" not in warnings())
        eventually("what is parked is named", lambda: "1 refused" in warnings().get("refused_readings", ""))

    IngestState.objects.update(oldest_seconds=90, waiting=12_000)
    assert warnings()["ingest"] == "ingest lags: readings waited 90 s, and 12,000 messages still wait"
    IngestState.objects.update(seen_at=datetime.now(UTC) - timedelta(minutes=2))
    assert "last seen 120 s ago" in warnings()["ingest"]
