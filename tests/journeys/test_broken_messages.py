"""A broken message ends in `device_data_queue.dlq` with the reason; its neighbours are kept."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pika
import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.meters import last_full_hour, rfc3339, send_raw

DEAD_LETTERS = "device_data_queue.dlq"


@pytest.fixture(scope="module")
def device(alice: Person, make_device: MakeDevice) -> dict[str, Any]:
    return make_device("Broken", owner=alice)


@pytest.fixture
def dead_letters() -> Callable[[str], list[tuple[str, str]]]:
    """`dead_letters(mark)`: (body, x-error) of the dead messages that contain `mark`; all stay in the queue."""
    url = os.environ.get("BROKER_ADMIN_URL", "")
    if not url:
        pytest.skip("BROKER_ADMIN_URL (amqp://, of a user who may read the dead-letter queue) is not set")

    def look(mark: str) -> list[tuple[str, str]]:
        parameters = pika.URLParameters(url)
        parameters.virtual_host = "/"
        connection = pika.BlockingConnection(parameters)
        channel = connection.channel()
        found = []
        while True:
            method, properties, body = channel.basic_get(DEAD_LETTERS)
            if method is None:
                break
            if mark.encode() in body:
                found.append((body.decode(errors="replace"), str((properties.headers or {}).get("x-error", ""))))
        # Nothing was acknowledged: closing puts every message back.
        connection.close()
        return found

    return look


def broken(mark: str) -> dict[str, bytes | dict[str, Any] | list[Any]]:
    """Name -> a message that must be refused. Each carries `mark`, a device's id, so that it can be found again."""
    good = {"timestamp": rfc3339(last_full_hour()), "device_id": mark, "measurement_value": 0.1}
    far = rfc3339(datetime.now(UTC) + timedelta(days=3))
    return {
        "not json": f"{{{mark}".encode(),
        "not utf-8": mark.encode() + b"\xff\xfe",
        "not an object": mark.encode().join([b'"', b'"']),
        "no device": {"timestamp": good["timestamp"], "measurement_value": 0.1, "serial_number": mark},
        "device is no uuid": {**good, "device_id": f"seven-{mark}"},
        "no offset": {**good, "timestamp": "2026-01-31T18:10:00"},
        "before 2000": {**good, "timestamp": "1999-12-31T23:50:00Z"},
        "too far ahead": {**good, "timestamp": far},
        "text for a value": {**good, "measurement_value": "much"},
        "not finite": f'{{"timestamp": "{good["timestamp"]}", "device_id": "{mark}", "measurement_value": NaN}}'.encode(),
        "negative energy": {**good, "measurement_value": -0.5},
    }


@pytest.mark.parametrize("name", list(broken("")))
def test_a_broken_message_is_kept_with_its_reason(
    alice: Person,
    make_device: MakeDevice,
    meter_amqp_url: str,
    dead_letters: Callable[[str], list[tuple[str, str]]],
    name: str,
) -> None:
    mark = make_device("Broken", owner=alice)["id"]
    send_raw(meter_amqp_url, broken(mark)[name])

    found = wait_for(f"the message ({name}) is in the dead-letter queue", lambda: dead_letters(mark))

    assert len(found) == 1
    assert found[0][1], f"no x-error on {found[0][0]}"


def test_the_neighbours_of_a_broken_reading_are_kept(
    alice: Person, meter_amqp_url: str, device: dict[str, Any]
) -> None:
    start = last_full_hour() - timedelta(hours=5)
    stamps = [rfc3339(start + timedelta(minutes=10 * number)) for number in range(1, 7)]
    message = [{"timestamp": at, "device_id": device["id"], "measurement_value": 0.1} for at in stamps]
    message[2]["measurement_value"] = -1
    send_raw(meter_amqp_url, message, b"\x00broken", {"device_id": device["id"], "readings": [[stamps[2], 0.4]]})

    def look() -> bool:
        found = alice.api.get(
            "/api/monitoring/hourly/range",
            device_id=device["id"],
            start=rfc3339(start),
            end=rfc3339(start + timedelta(hours=1)),
        )
        entry = found["data"][0]
        return bool(entry["readings"] == 6 and entry["kwh"] == pytest.approx(0.9, abs=1e-9))

    wait_for("all good readings are counted", look)
