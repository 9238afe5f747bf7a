"""Everything that can be wrong with a reading, by AMQP, MQTT and HTTP: each ends in its place with a reason, its neighbours are kept."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, device_event, eventually, reading
from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.models import HeldReading, Reading
from monitoring_service.readings.tests.conftest import Publish
from monitoring_service.readings.tests.consumers import Meters, dead_letters, ingesting, left_in
from monitoring_service.readings.tests.test_decoding import BAD_BODIES, BAD_READINGS
from service_kit.auth import Caller
from service_kit.events import DeviceDeleted, MeterCredential

pytestmark = pytest.mark.django_db(transaction=True)
GONE, POWER, UNKNOWN, REVOKED = (uuid.UUID(int=n) for n in (7, 8, 9, 10))
# What only the device can tell.
BAD_FOR_THE_DEVICE = {
    "negative energy": (reading(DAY, -0.1), "interval_kwh -0.1 is negative"),
    "power for energy": ({"timestamp": DAY.isoformat(), "device_id": str(METER), "power": 5}, "send measurement_value"),
    "negative power": (
        {"timestamp": DAY.isoformat(), "device_id": str(POWER), "power": -5},
        "which only a grid_import device may send",
    ),
    "deleted device": (reading(DAY, 1, GONE), f"device {GONE} was deleted"),
}


# The decoder's own tests have another now.
AHEAD = {"more than a day ahead": (reading(datetime.now(UTC) + timedelta(hours=25), 1), "24 h ahead")}
IN_LISTS = BAD_READINGS | BAD_FOR_THE_DEVICE | AHEAD
BODIES = BAD_BODIES | {"ten megabytes": (b"[" + b" " * (10 << 20) + b"]", "send smaller arrays")}


@pytest.fixture
def devices(deliver: Callable[..., None]) -> None:
    deliver(device_event())
    deliver(device_event(POWER, reading="power_w"))
    deliver(device_event(GONE))
    deliver(DeviceDeleted(id=GONE), version=2)


def neighbour(number: int) -> dict[str, Any]:
    return reading(DAY - timedelta(minutes=10 * number), 0.1)


def between_neighbours(number: int, bad: Any) -> list[Any]:
    return [neighbour(2 * number), bad, neighbour(2 * number + 1)]


def unnamed(cases: dict[str, Any], parked: list[tuple[bytes, str]]) -> list[str]:
    """The cases whose reason nobody was told."""
    return [name for name, (_, says) in cases.items() if not any(says in reason for _, reason in parked)]


def test_each_kind_by_amqp(devices: None, meters: Meters, operator: Any) -> None:
    assert len(IN_LISTS) + len(BODIES) >= 40
    for number, (bad, _) in enumerate(IN_LISTS.values()):
        meters.send(between_neighbours(number, bad))
    for body, _ in BODIES.values():
        meters.send(body)
    meters.send(reading(DAY, 1, UNKNOWN))
    with ingesting():
        eventually("all are taken", lambda: left_in(operator, QUEUE) == 0, seconds=90)
        expected = len(IN_LISTS) + len(BODIES)
        eventually("all bad ones are parked", lambda: left_in(operator, DEAD_LETTERS) == expected, seconds=90)

    assert Reading.objects.count() == 2 * len(IN_LISTS)
    assert HeldReading.objects.values_list("device_id", flat=True).get() == UNKNOWN
    parked = dead_letters(operator)
    assert unnamed(IN_LISTS | BODIES, parked) == []
    assert all(reason for _, reason in parked)
    assert json.loads(next(body for body, reason in parked if "was deleted" in reason))["device_id"] == str(GONE)


def test_each_kind_by_mqtt(devices: None, deliver: Callable[..., None], publish: Publish, operator: Any) -> None:
    # By MQTT the topic names the device: it need not be said again, and it can be no other.
    others = {
        name: (bad, "may not send for")
        for name, (bad, _) in BAD_FOR_THE_DEVICE.items()
        if "power" in name or "deleted" in name
    }
    in_lists = {name: case for name, case in IN_LISTS.items() if name not in others and name != "device missing"}
    # A number alone is a reading of power there, and no reading of an interval's energy.
    alone = {"number", "null"}
    bodies = {
        name: (body, "send timestamp and value" if name in alone else says) for name, (body, says) in BODIES.items()
    }
    bodies |= {name: (body, "not JSON") for name, (body, says) in BODIES.items() if says == "not UTF-8"}
    bodies["too large"] = BODIES["too large"][0], "not JSON"  # blanks
    bodies["ten megabytes"] = BODIES["ten megabytes"][0], "empty list"
    for number, (bad, _) in enumerate(in_lists.values()):
        publish("energy", between_neighbours(number, bad))
    for body, _ in bodies.values():
        publish("energy", body)
    publish("energy", reading(DAY, 1, UNKNOWN), UNKNOWN)
    deliver(device_event(REVOKED, credential=MeterCredential(digest=None)))
    publish("energy", reading(DAY, 1, REVOKED), REVOKED)
    by_topic = {"unknown device": (None, f"device {UNKNOWN} is not known"), "revoked": (None, "was revoked")}
    expected = len(in_lists) + len(bodies) + len(by_topic)
    with ingesting():
        eventually("all bad ones are parked", lambda: left_in(operator, DEAD_LETTERS) == expected, seconds=90)

    assert Reading.objects.count() == 2 * len(in_lists)
    assert unnamed(in_lists | bodies | by_topic, dead_letters(operator)) == []


def test_each_kind_by_http(devices: None, client_for: Callable[..., Any], admin: Caller) -> None:
    client, said = client_for(admin), {}

    def send(body: bytes) -> Any:
        return client.post("/api/monitoring/measurements", body, content_type="application/json")

    for number, (name, (bad, _)) in enumerate(IN_LISTS.items()):
        answer = send(json.dumps(between_neighbours(number, bad)).encode())
        assert answer.status_code == 202, name
        assert answer.json()["accepted"] == 2, name
        (rejected,) = answer.json()["rejected"]
        assert rejected["index"] == 1, name
        said[name] = rejected["error"]
    for name, (body, _) in BODIES.items():
        answer = send(body)
        assert answer.status_code in {400, 413}, name
        said[name] = answer.json()["detail"]

    assert Reading.objects.count() == 2 * len(IN_LISTS)
    # What is no list at all is told to be one.
    assert [
        n
        for n, (_, says) in {**IN_LISTS, **BODIES}.items()
        if says not in said[n] and "list of readings" not in said[n] and "smaller lists" not in said[n]
    ] == []
    assert send(json.dumps([reading(DAY, 1, UNKNOWN)]).encode()).json()["accepted"] == 1
    assert HeldReading.objects.values_list("device_id", flat=True).get() == UNKNOWN
