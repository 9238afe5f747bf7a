"""A refused reading comes in by a replay once what was wrong has been mended, and stays where it is until then."""

import json
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pika
import pytest
from django.core.management import call_command

from monitoring_service.conftest import DAY, METER, device_event, eventually, reading
from monitoring_service.readings.dead_letters import DEAD_LETTERS
from monitoring_service.readings.models import Reading
from monitoring_service.readings.tests.consumers import Meters, dead_letters, ingesting, left_in

pytestmark = pytest.mark.django_db(transaction=True)


def replay(capsys: pytest.CaptureFixture[str]) -> str:
    with suppress(SystemExit):  # status 1 when some are kept, which the text says
        call_command("dlq", "replay", DEAD_LETTERS, "--all")
    return capsys.readouterr().out


def test_a_reading_of_the_wrong_kind_comes_in_when_the_device_is_corrected(
    meter: uuid.UUID, meters: Meters, operator: Any, deliver: Callable[..., None], capsys: Any
) -> None:
    power = {"timestamp": DAY.isoformat(), "device_id": str(METER), "power": 500}
    meters.send(power, {**reading(DAY, 0.1), "timestamp": "2026-03-10T00:10:00"})
    with ingesting():
        eventually("both are refused", lambda: left_in(operator, DEAD_LETTERS) == 2)

    assert "0 applied, 2 kept" in replay(capsys)
    eventually("both lie there again", lambda: left_in(operator, DEAD_LETTERS) == 2)

    deliver(device_event(reading="power_w"), version=2)
    said = replay(capsys)

    assert "1 applied, 1 kept" in said
    assert 'Refused: timestamp "2026-03-10T00:10:00"' in said
    assert list(Reading.objects.values_list("at", "value")) == [(DAY, 500)]
    eventually("the broken one lies there again", lambda: left_in(operator, DEAD_LETTERS) == 1)
    ((body, _),) = dead_letters(operator)
    assert json.loads(body)["timestamp"] == "2026-03-10T00:10:00"


def test_what_came_by_mqtt_keeps_its_topic_and_the_time_it_came(
    operator: Any, deliver: Callable[..., None], capsys: Any
) -> None:
    """Given a bare register of a meter that nobody had made yet: neither device nor time stand in the body."""
    arrived = DAY + timedelta(minutes=7)
    operator.basic_publish(
        "amq.topic", f"energy.devices.{METER}.energy", b"48211.7",
        pika.BasicProperties(headers={"timestamp_in_ms": int(arrived.timestamp() * 1_000)}),
    )  # fmt: skip
    with ingesting():
        eventually("it is refused", lambda: left_in(operator, DEAD_LETTERS) == 1)

    deliver(device_event(reading="register_kwh"))

    assert "1 applied, 0 kept" in replay(capsys)
    assert list(Reading.objects.values_list("at", "value")) == [(arrived, 48211.7)]
    assert left_in(operator, DEAD_LETTERS) == 0
