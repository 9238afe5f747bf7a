"""Changed hours reach the forecasts' queue: each version at least once, bursts as one, nothing lost in a crash."""

import os
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pika
import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from monitoring_service.conftest import DAY, METER, eventually, reading, ten_minutes
from monitoring_service.hours.models import Hour
from monitoring_service.hours.publishing import publish_hours_once
from service_kit.events import ConsumptionHourly, decode
from service_kit.messaging import Publisher

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "forecast.hours"


@pytest.fixture
def received() -> Iterator[Callable[[], list[ConsumptionHourly]]]:
    """`received()`: what has arrived in the forecasts' queue since the last call."""
    link = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_ADMIN_URL"]))
    channel = link.channel()
    channel.queue_purge(QUEUE)

    def get() -> list[ConsumptionHourly]:
        found: list[ConsumptionHourly] = []
        waiting = channel.queue_declare(QUEUE, passive=True).method.message_count
        # A queue with a single active consumer answers no basic_get.
        for method, _, body in channel.consume(QUEUE, inactivity_timeout=60) if waiting else ():
            assert method is not None, f"{len(found)} of {waiting} messages were delivered"
            channel.basic_ack(method.delivery_tag)
            envelope = decode(body)
            assert isinstance(envelope.event, ConsumptionHourly)
            found.append(envelope.event)
            if len(found) == waiting:
                channel.cancel()
        return found

    yield get
    channel.queue_purge(QUEUE)
    link.close()


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    found = Publisher(settings.BROKER_URL)
    yield found
    found.close()


def test_changed_hours_are_sent_once_with_their_state(
    meter: uuid.UUID, send: Callable[..., Any], publisher: Publisher, received: Callable[[], list[ConsumptionHourly]]
) -> None:
    send(ten_minutes(DAY, [0.1] * 12))

    assert publish_hours_once(publisher) == 2
    assert publish_hours_once(publisher) == 0

    (event,) = received()
    assert [(h.device_id, h.start, h.quality, h.version) for h in event.hours] == [
        (METER, DAY, "measured", 1),
        (METER, DAY + timedelta(hours=1), "measured", 1),
    ]
    assert event.hours[0].kwh == pytest.approx(0.6)


def test_a_burst_of_changes_is_one_event_with_the_last_state(
    meter: uuid.UUID, send: Callable[..., Any], publisher: Publisher, received: Callable[[], list[ConsumptionHourly]]
) -> None:
    for row in ten_minutes(DAY, [0.1] * 6):
        send(row)

    publish_hours_once(publisher)

    (event,) = received()
    assert [(h.version, h.readings) for h in event.hours] == [(6, 6)]


def test_a_revision_is_sent_again_with_a_higher_version(
    meter: uuid.UUID, send: Callable[..., Any], publisher: Publisher, received: Callable[[], list[ConsumptionHourly]]
) -> None:
    send(ten_minutes(DAY, [0.1] * 6))
    publish_hours_once(publisher)
    send(reading(DAY + timedelta(hours=1), 0.7))

    publish_hours_once(publisher)

    assert [(h.version, h.quality) for event in received() for h in event.hours] == [(1, "measured"), (2, "late")]


def test_a_crash_after_the_confirm_sends_the_same_version_again(
    meter: uuid.UUID, send: Callable[..., Any], publisher: Publisher, received: Callable[[], list[ConsumptionHourly]]
) -> None:
    send(ten_minutes(DAY, [0.1] * 6))
    database = settings.DATABASE_URL.rsplit("/", 1)[0] + f"/{settings.DATABASES['default']['NAME']}"
    code = (
        "import django; django.setup()\nfrom monitoring_service.hours.publishing import PublishHours; PublishHours()()"
    )
    variables = {"DATABASE_URL": database, "FAULT": "hours_after_confirm"}
    variables["DJANGO_SETTINGS_MODULE"] = "monitoring_service.config.settings"
    killed = subprocess.run([sys.executable, "-c", code], env={**os.environ, **variables}, check=False)
    assert killed.returncode == 137
    assert Hour.objects.filter(published_version=0).count() == 1

    # The database notices only after a moment that the process, and with it its lock, is gone.
    eventually("the hour is sent again", lambda: publish_hours_once(publisher) == 1)

    assert [h.version for event in received() for h in event.hours] == [1, 1]


def test_what_the_broker_does_not_take_stays_due(meter: uuid.UUID, send: Callable[..., Any]) -> None:
    send(ten_minutes(DAY, [0.1] * 6))
    away = Publisher(settings.BROKER_URL.rsplit(":", 1)[0] + ":1/ems")

    with pytest.raises(pika.exceptions.AMQPConnectionError):
        publish_hours_once(away)

    assert Hour.objects.get().published_version == 0


def test_hours_that_ingest_is_writing_are_not_waited_for_and_go_out_again(
    meter: uuid.UUID, send: Callable[..., Any], publisher: Publisher, received: Callable[[], list[ConsumptionHourly]]
) -> None:
    """Given a transaction that has changed the second hour and not ended yet."""
    send(ten_minutes(DAY, [0.1] * 12))
    written, may_end = threading.Event(), threading.Event()

    def writes() -> None:
        with transaction.atomic():
            Hour.objects.filter(start=DAY + timedelta(hours=1)).update(version=F("version") + 1)
            written.set()
            may_end.wait(20)
        connection.close()

    writer = threading.Thread(target=writes)
    writer.start()
    assert written.wait(60)
    assert publish_hours_once(publisher) == 2
    may_end.set()
    writer.join()
    assert publish_hours_once(publisher) == 1
    assert publish_hours_once(publisher) == 0
    assert [len(event.hours) for event in received()] == [2, 1]
