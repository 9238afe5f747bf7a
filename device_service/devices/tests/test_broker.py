"""Meters over MQTT, with the real broker asking this service: each one publishes as itself and reads its own alerts."""

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pika
import pytest
from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.db.models.functions import Now
from rest_framework.test import APIClient

from device_service.devices import broker, meters_out
from device_service.devices.models import Device, EndedCredential

pytestmark = pytest.mark.django_db
HOST, PORT = os.environ["MQTT_ADDRESS"].split(":")


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Its requests are the broker's, and say nothing about the meters."""


@pytest.fixture
def authority(transactional_db: None) -> Iterator[None]:
    """This service where the broker of this instance asks for it."""
    address = urlsplit(os.environ["BROKER_AUTH_URL"])
    server = WSGIServer((address.hostname, address.port), Quiet)
    server.set_app(get_wsgi_application())

    def serve() -> None:
        server.serve_forever()
        connections.close_all()

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def issue(authority: None, by_admin: APIClient, make_device: Callable[..., Device]) -> Callable[[], tuple[str, str]]:
    """`issue()`: user name and password of a new meter."""

    def make() -> tuple[str, str]:
        device = make_device()
        return str(device.pk), by_admin.post(f"/api/devices/{device.pk}/credentials").json()["secret"]

    return make


@pytest.fixture
def published_to() -> Iterator[Callable[[str], Any]]:
    """`published_to(topic)`: a function that gives the next body published there, or None."""
    link = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_ADMIN_URL"].rsplit("/", 1)[0] + "/%2F"))
    channel = link.channel()

    def listen(topic: str) -> Any:
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "amq.topic", topic.replace("/", "."))
        return lambda: channel.basic_get(queue, auto_ack=True)[2]

    yield listen
    link.close()


class Client:
    """An MQTT 3.1.1 client that notes how its connection and its messages were answered."""

    def __init__(self, name: str, password: str, client_id: str | None = None) -> None:
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id or name)
        self.client.username_pw_set(name, password)
        self.answered, self.confirmed, self.gone = threading.Event(), threading.Event(), threading.Event()
        self.received: list[bytes] = []
        self.accepted = False
        self.client.on_connect = self._on_connect
        self.client.on_publish = lambda *_: self.confirmed.set()
        self.client.on_disconnect = lambda *_: self.gone.set()
        self.client.on_message = lambda _client, _data, message: self.received.append(bytes(message.payload))

    def _on_connect(self, _client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any) -> None:
        self.accepted = not reason.is_failure
        self.answered.set()

    def connect(self) -> bool:
        self.client.connect(HOST, int(PORT), keepalive=20)
        self.client.loop_start()
        assert self.answered.wait(60)
        return self.accepted

    def publish(self, topic: str, body: str) -> bool:
        """Whether the broker took it (QoS 1); it answers what is forbidden by ending the connection."""
        self.confirmed.clear()
        self.client.publish(topic, body, qos=1)
        while not self.confirmed.wait(0.05):
            if self.gone.is_set():
                return False
        return True

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    made: list[Client] = []

    def make(*args: str) -> Client:
        made.append(Client(*args))
        return made[-1]

    yield make
    for client in made:
        client.close()


def test_a_meter_publishes_as_itself(
    issue: Callable[[], tuple[str, str]], connect: Callable[..., Client], published_to: Callable[[str], Any]
) -> None:
    name, secret = issue()
    topic = f"energy/devices/{name}/energy"
    received = published_to(topic)
    client = connect(name, secret)

    assert client.connect()
    assert client.publish(topic, "5")
    assert received() == b"5"


def test_a_meter_cannot_publish_as_another(
    issue: Callable[[], tuple[str, str]], connect: Callable[..., Client], published_to: Callable[[str], Any]
) -> None:
    (name, secret), (other, _) = issue(), issue()
    received = published_to(f"energy/devices/{other}/#")
    client = connect(name, secret)
    assert client.connect()

    assert not client.publish(f"energy/devices/{other}/energy", "5")
    assert received() is None


def test_a_wrong_or_revoked_secret_is_refused(
    issue: Callable[[], tuple[str, str]], connect: Callable[..., Client], by_admin: APIClient
) -> None:
    name, secret = issue()
    other, _ = issue()
    by_admin.delete(f"/api/devices/{name}/credentials")

    assert not connect(name, secret).connect()
    assert not connect(other, secret).connect()
    assert not connect("kitchen", secret).connect()


@pytest.mark.parametrize("ended", ["revoked", "replaced", "deleted"])
def test_whoever_is_connected_with_a_secret_that_has_ended_is_sent_away(
    issue: Callable[[], tuple[str, str]], connect: Callable[..., Client], by_admin: APIClient, settings: Any, ended: str
) -> None:
    settings.BROKER_CONSOLE_URL = os.environ["BROKER_MANAGEMENT_URL"]
    (name, secret), (other, others) = issue(), issue()
    meter, neighbour = connect(name, secret), connect(other, others)
    assert meter.connect()
    assert neighbour.connect()

    path = f"/api/devices/{name}"
    credentials = f"{path}/credentials"
    {"revoked": by_admin.delete, "replaced": by_admin.post, "deleted": by_admin.delete}[ended](
        path if ended == "deleted" else credentials
    )
    meter.client.reconnect_delay_set(3600)
    assert meters_out.send_meters_away() == 1

    assert meter.gone.wait(60)
    assert neighbour.publish(f"energy/devices/{other}/energy", "5")
    assert not neighbour.gone.is_set()
    assert meters_out.send_meters_away() == 0, "what the broker remembers of it is not over yet"
    EndedCredential.objects.update(at=Now() - meters_out.REMEMBERED - meters_out.MARGIN * 2)
    assert meters_out.send_meters_away() == 1
    assert not EndedCredential.objects.exists()


def test_a_meter_is_sent_away_as_soon_as_the_broker_can_be_asked(
    issue: Callable[[], tuple[str, str]], by_admin: APIClient, settings: Any
) -> None:
    settings.BROKER_CONSOLE_URL = "http://admin:secret@127.0.0.1:1"
    name, _ = issue()
    by_admin.delete(f"/api/devices/{name}/credentials")
    with pytest.raises(OSError, match="refused"):
        meters_out.send_meters_away()

    settings.BROKER_CONSOLE_URL = os.environ["BROKER_MANAGEMENT_URL"]
    assert meters_out.send_meters_away() == 1


def test_nobody_connects_in_anothers_place(
    issue: Callable[[], tuple[str, str]], connect: Callable[..., Client]
) -> None:
    (name, secret), (other, _) = issue(), issue()

    assert not connect(name, secret, other).connect()
    assert connect(name, secret, "DVES_1A2B3C").connect(), "a meter may have a name of its own"


def test_a_meters_credential_opens_nothing_by_amqp(issue: Callable[[], tuple[str, str]]) -> None:
    name, secret = issue()
    address = os.environ["BROKER_ADMIN_URL"].rpartition("@")[2].rsplit("/", 1)[0]

    with pytest.raises(pika.exceptions.AMQPConnectionError):
        pika.BlockingConnection(pika.URLParameters(f"amqp://{name}:{secret}@{address}/%2F"))


METER = "11111111-1111-4111-8111-111111111111"
OTHER = "22222222-2222-4222-8222-222222222222"


@pytest.mark.parametrize(
    ("permission", "key", "allowed"),
    [
        ("write", f"energy.devices.{METER}.energy", True),
        ("write", f"energy.devices.{METER}.status.switch:0", True),
        ("write", f"energy.devices.{OTHER}.energy", False),
        ("write", f"energy.devices.{METER}", False),
        ("write", "energy.devices.*.energy", False),
        ("write", f"energy.alerts.{METER}", False),
        ("read", f"energy.alerts.{METER}", True),
        ("read", f"energy.alerts.{OTHER}", False),
        ("read", "energy.alerts.*", False),
        ("read", "#", False),
        ("read", f"energy.devices.{METER}.rpc", True),
        ("read", f"energy.devices.{OTHER}.energy", False),
    ],
)
def test_topics(permission: str, key: str, allowed: bool) -> None:
    asked = {"username": METER, "vhost": "/", "name": "amq.topic", "permission": permission, "routing_key": key}
    assert broker.may_speak(asked) is allowed
    assert not broker.may_speak({**asked, "username": "admin"})
    assert not broker.may_speak({**asked, "vhost": "ems"})


@pytest.mark.parametrize(
    ("resource", "name", "permission", "allowed"),
    [
        ("exchange", "amq.topic", "write", True),
        ("exchange", "amq.topic", "configure", False),
        ("exchange", "amq.default", "write", False),
        ("queue", "device_data_queue", "write", False),
        ("queue", "device_data_queue.dlq", "read", False),
        ("queue", f"mqtt-subscription-{METER}qos1", "configure", True),
        ("queue", "mqtt-subscription-shelly-1qos0", "read", True),
        ("queue", f"mqtt-subscription-{OTHER}qos1", "read", False),
    ],
)
def test_resources(resource: str, name: str, permission: str, allowed: bool) -> None:
    asked = {"username": METER, "vhost": "/", "resource": resource, "name": name, "permission": permission}
    assert broker.may_use(asked) is allowed
    assert not broker.may_use({**asked, "vhost": "ems"})
    assert not broker.may_use({**asked, "username": "admin"})
