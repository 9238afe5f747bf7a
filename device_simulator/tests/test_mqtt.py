"""Meters by MQTT, at the real broker, each as a user of its own."""

import base64
import json
import os
import secrets
import threading
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from device_simulator.errors import SimulatorError
from device_simulator.meters import Meter, reading_at, readings_between
from device_simulator.mqtt import MqttPublisher
from device_simulator.publisher import QUEUE
from device_simulator.tests.conftest import required

NOON = 1_772_366_400


def console(method: str, path: str, body: Any = None) -> None:
    address = urlsplit(required("BROKER_MANAGEMENT_URL"))
    request = urllib.request.Request(
        f"http://{address.hostname}:{address.port}/api/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Content-Type": "application/json",
            "Authorization": "Basic " + base64.b64encode(f"{address.username}:{address.password}".encode()).decode(),
        },
    )
    urllib.request.urlopen(request, timeout=10).close()


@pytest.fixture
def make_meter() -> Iterator[Callable[..., Meter]]:
    """`make_meter(reading=...)`: one whom the broker knows, and who may publish below its own topic alone."""
    made: list[str] = []

    def make(**fields: Any) -> Meter:
        device_id, secret = str(uuid.uuid4()), secrets.token_urlsafe()
        console("PUT", f"users/{device_id}", {"password": secret, "tags": ""})
        made.append(device_id)
        console("PUT", f"permissions/%2F/{device_id}", {"configure": "^$", "write": "^amq\\.topic$", "read": "^$"})
        own = {"exchange": "amq.topic", "write": f"^energy\\.devices\\.{device_id}\\.", "read": "^$"}
        console("PUT", f"topic-permissions/%2F/{device_id}", own)
        return Meter(device_id, secret=secret, **fields)

    yield make
    for device_id in made:
        console("DELETE", f"users/{device_id}")


@pytest.fixture
def messages(queue: Any) -> Callable[[], list[tuple[str, Any]]]:
    """`messages()`: (routing key, body) of what has arrived since the last call."""

    def drain() -> list[tuple[str, Any]]:
        found = []
        while (message := queue.basic_get(QUEUE, auto_ack=True))[0] is not None:
            body = message[2].decode()
            found.append((message[0].routing_key, json.loads(body) if body[0] in "[{" else body))
        return found

    return drain


def publisher(*meters: Meter) -> MqttPublisher:
    return MqttPublisher(os.environ["MQTT_ADDRESS"], meters, threading.Event())


def test_every_kind_of_meter_sends_as_itself_and_says_whether_it_is_there(
    make_meter: Callable[..., Meter], messages: Callable[[], list[tuple[str, Any]]]
) -> None:
    meters = [make_meter(reading=reading) for reading in ("interval_kwh", "power_w", "register_kwh")]
    sent = [reading_at(meter, NOON) for meter in meters]

    sending = publisher(*meters)
    assert sending.publish(sent)
    sending.close()

    arrived = messages()
    for reading in sent:
        topic = f"energy.devices.{reading.device_id}"
        document = {"timestamp": reading.timestamp, "value": reading.value}
        own = [(key.removeprefix(topic), body) for key, body in arrived if key.startswith(topic)]
        # A reading may be on its way before the meter has said that it is there.
        assert sorted(own[:2], key=str) == [(".energy", document), (".status", "online")]
        assert own[2:] == [(".status", "offline")]


def test_the_past_goes_out_in_lists(
    make_meter: Callable[..., Meter], messages: Callable[[], list[tuple[str, Any]]]
) -> None:
    meter = make_meter()
    sent = list(readings_between([meter], NOON - 86_400, NOON))

    sending = publisher(meter)
    assert sending.publish(sent)
    sending.close()

    (_, documents) = next(message for message in messages() if message[0].endswith(".energy"))
    assert [(d["timestamp"], d["value"]) for d in documents] == [(r.timestamp, r.value) for r in sent]
    assert sending.published == 144


def test_a_wrong_secret_is_named_with_the_way_out(make_meter: Callable[..., Meter]) -> None:
    meter = make_meter()
    stranger = Meter(meter.device_id, secret="guessed")

    sending = publisher(stranger)
    with pytest.raises(SimulatorError, match=f"refuses device {meter.device_id}.*/credentials"):
        sending.publish([reading_at(stranger, NOON)])
    sending.close()


def test_a_meter_without_a_secret_is_no_mqtt_meter() -> None:
    with pytest.raises(SimulatorError, match="has none"):
        publisher(Meter(str(uuid.UUID(int=1))))


def test_an_address_needs_host_and_port() -> None:
    with pytest.raises(SimulatorError, match="HOST:PORT"):
        MqttPublisher("localhost", [], threading.Event())
