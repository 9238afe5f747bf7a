"""A meter that falls silent is noticed once, by its own interval, and so is its return."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from monitoring_service.conftest import METER, device_event, reading
from monitoring_service.devices.services import note_connections
from monitoring_service.devices.status import note_statuses
from monitoring_service.live.tests.conftest import Watcher, server, watch
from monitoring_service.readings.mqtt import Connection
from service_kit.auth import Caller

__all__ = ["server", "watch"]
Deliver = Callable[..., None]
Send = Callable[..., Any]
ClientFor = Callable[[Caller | None], Any]


def ago(**past: float) -> datetime:
    return datetime.now(UTC) - timedelta(**past)


def connected(online: bool, at: datetime, device_id: uuid.UUID = METER) -> None:
    note_connections([Connection(str(device_id), online, int(at.timestamp() * 1e6))])


@pytest.mark.django_db(transaction=True)
def test_alice_watches_her_meter_fall_silent_and_come_back(
    meter: uuid.UUID, send: Send, watch: Callable[..., Watcher], alice: Caller, charlie: Caller, deliver: Deliver
) -> None:
    his = uuid.uuid4()
    deliver(device_event(his, owners=[charlie]))
    alices, charlies = watch(alice), watch(charlie)
    send(reading(ago(minutes=5), 0.1))
    assert note_statuses() == 1  # the other one never spoke
    first = alices.next_of("device-status")

    deliver(device_event(owners=[alice], interval_seconds=60), version=2)
    assert note_statuses() == 1
    assert note_statuses() == 0
    silent = alices.next_of("device-status")
    send(reading(ago(seconds=1), 0.1))
    assert note_statuses() == 1
    back = alices.next_of("device-status")
    send(reading(ago(seconds=1), 0.1, his))
    assert note_statuses() == 1

    told = [(each["device_id"], each["status"]) for each in (first, silent, back)]
    assert told == [(str(METER), status) for status in ("online", "silent", "online")]
    assert silent["last_seen"] < back["last_seen"] < back["since"]
    assert charlies.next_of("device-status")["device_id"] == str(his)


@pytest.fixture
def status_of_alices(client_for: ClientFor, alice: Caller) -> Callable[[], str]:
    return lambda: str(client_for(alice).get("/api/monitoring/devices").json()["results"][0]["status"])


def test_a_meter_whose_connection_went_down_is_silent_until_it_speaks(
    meter: uuid.UUID, send: Send, status_of_alices: Callable[[], str]
) -> None:
    connected(False, ago(minutes=30))
    assert status_of_alices() == "never"
    send(reading(ago(minutes=5), 0.1))
    assert status_of_alices() == "online"  # what it said after that counts more
    connected(False, ago(minutes=2))
    assert status_of_alices() == "silent"
    connected(True, ago(minutes=1))
    assert status_of_alices() == "online"
    connected(False, ago(seconds=30))
    send(reading(ago(seconds=0), 0.1))
    assert status_of_alices() == "online"


def test_a_connection_that_is_up_does_not_make_a_meter_heard(
    meter: uuid.UUID, send: Send, status_of_alices: Callable[[], str]
) -> None:
    send(reading(ago(minutes=60), 0.1))
    connected(True, ago(seconds=1))

    assert status_of_alices() == "silent"


def test_a_clock_that_runs_ahead_does_not_keep_a_meter_online(
    meter: uuid.UUID, send: Send, status_of_alices: Callable[[], str]
) -> None:
    send(reading(ago(hours=-20), 0.1))
    assert status_of_alices() == "online"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE readings_lastreading SET received_at = now() - interval '1 hour'")

    assert status_of_alices() == "silent"


def test_many_devices_take_as_many_queries_as_one(deliver: Deliver, send: Send, db: None) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            note_statuses()
        return len(captured)

    devices = [uuid.uuid4() for _ in range(30)]
    for device in devices:
        deliver(device_event(device))
    send(reading(ago(hours=5), 0.1, devices[0]))
    one = queries()
    send(*[reading(ago(hours=5), 0.1, device) for device in devices[1:]])

    assert queries() == one
