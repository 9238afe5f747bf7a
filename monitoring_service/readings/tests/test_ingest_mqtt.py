"""MQTT messages as the broker's plug-in hands them on: to amq.topic, the topic with dots as routing key."""

import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from monitoring_service.conftest import DAY, TEN_MINUTES, device_event, eventually, ten_minutes
from monitoring_service.devices.models import MeterConnection
from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.models import MetricReading, Reading
from monitoring_service.readings.tests.consumers import KILLED, dead_letters, ingesting, left_in, process, total
from service_kit.auth import Caller
from service_kit.events import MeterCredential

pytestmark = pytest.mark.django_db(transaction=True)
Publish = Callable[..., None]
Deliver = Callable[..., None]


def stamped(at: datetime, value: float) -> dict[str, Any]:
    return {"timestamp": at.isoformat(), "value": value}


def test_readings_with_their_timestamp(meter: uuid.UUID, publish: Publish, operator: Any) -> None:
    for n in range(6):
        publish("energy", stamped(DAY + (n + 1) * TEN_MINUTES, 0.1))
        publish("energy", stamped(DAY + (n + 1) * TEN_MINUTES, 0.1))

    with ingesting():
        eventually("all are stored", lambda: Reading.objects.count() == 6)

    assert total() == pytest.approx(0.6)
    assert (left_in(operator, QUEUE), left_in(operator, DEAD_LETTERS)) == (0, 0)


def test_a_bare_number_counts_when_the_broker_got_it(deliver: Deliver, publish: Publish) -> None:
    deliver(device_event(reading="register_kwh"))
    arrived = int(DAY.timestamp() * 1_000)

    publish("energy", 48211.7, headers={"timestamp_in_ms": arrived})

    with ingesting():
        eventually("it is stored", lambda: Reading.objects.exists())
    assert Reading.objects.values_list("at", "value").get() == (DAY, 48211.7)


def test_tasmota_and_shelly_speak_for_themselves(deliver: Deliver, publish: Publish) -> None:
    deliver(device_event(reading="power_w"))

    publish("tele/SENSOR", {"ENERGY": {"Total": 5, "Power": 120, "Voltage": 230}})
    publish("status/switch:0", {"apower": 80, "voltage": 231, "aenergy": {"total": 1}})

    with ingesting():
        eventually("both are stored", lambda: Reading.objects.count() == 2)
    assert set(Reading.objects.values_list("value", flat=True)) == {120, 80}
    assert set(MetricReading.objects.values_list("name", "value", "unit")) == {
        ("voltage", 230, "V"),
        ("voltage", 231, "V"),
    }


def test_what_is_refused_says_why_and_its_neighbours_stay(
    meter: uuid.UUID, deliver: Deliver, publish: Publish, operator: Any
) -> None:
    revoked = uuid.uuid4()
    deliver(device_event(revoked, credential=MeterCredential(digest=None)))
    good = stamped(DAY + TEN_MINUTES, 0.1)
    publish("energy", 5)
    publish("energy", b"twelve")
    publish("energy", good)
    publish("energy", {**good, "timestamp": "2026-03-10T00:10:00"})
    publish("energy", good, uuid.UUID(int=1))
    publish("energy", good, revoked)
    publish("status", b"perhaps")

    with ingesting():
        eventually("six are refused", lambda: left_in(operator, DEAD_LETTERS) == 6)

    assert Reading.objects.count() == 1
    reasons = " | ".join(sorted(reason for _, reason in dead_letters(operator)))
    for part in ("bare number", "not JSON", "2026-03-10T00:10:00", "is not known", "was revoked", "neither online"):
        assert part in reasons


def test_a_consumer_killed_after_its_commit_doubles_nothing(meter: uuid.UUID, publish: Publish, operator: Any) -> None:
    for row in ten_minutes(DAY, [0.1] * 12):
        publish("energy", {"timestamp": row["timestamp"], "value": row["measurement_value"]})

    assert process(FAULT="after_commit_before_ack").wait(timeout=30) == KILLED
    with ingesting():
        eventually("nothing is left", lambda: left_in(operator, QUEUE) == 0 and Reading.objects.count() == 12)

    assert total() == pytest.approx(1.2)


def test_whether_it_is_connected_shows_with_the_device(
    meter: uuid.UUID, publish: Publish, client_for: Callable[..., Any], alice: Caller
) -> None:
    def connected() -> Any:
        return client_for(alice).get("/api/monitoring/devices").json()["results"][0]["connected"]

    assert connected() is None
    publish("status", b"online")
    with ingesting():
        eventually("it is online", lambda: MeterConnection.objects.filter(online=True).exists())
        assert connected() is True
        publish("status", b"offline")
        eventually("it is offline", lambda: MeterConnection.objects.filter(online=False).exists())
    assert connected() is False
