"""Alice watches her meters as readings come; nobody is told of what is not theirs."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from monitoring_service.conftest import METER, device_event, reading
from monitoring_service.live.tests.conftest import ADDRESS, Watcher
from service_kit.auth import Caller
from service_kit.events import UserCreated, UserDeleted

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)  # so that its interval lies in one hour


def test_a_reading_arrives_with_its_hour(
    meter: uuid.UUID, watch: Callable[..., Watcher], send: Callable[..., Any], alice: Caller
) -> None:
    watcher = watch(alice)
    assert watcher.response.headers["content-type"] == "text/event-stream"

    send(reading(NOW, 0.125))

    hour = watcher.next_of("hour")
    assert (hour["device_id"], hour["readings"], hour["quality"]) == (str(METER), 1, "partial")
    seen = watcher.next_of("measurement")
    assert (seen["device_id"], seen["value"]) == (str(METER), 0.125)
    assert datetime.fromisoformat(seen["timestamp"]) == NOW


def test_charlie_sees_only_his_own(
    meter: uuid.UUID,
    deliver: Callable[..., None],
    watch: Callable[..., Watcher],
    send: Callable[..., Any],
    charlie: Caller,
    admin: Caller,
) -> None:
    his = uuid.uuid4()
    deliver(device_event(his, owners=[charlie]))
    charlies, admins = watch(charlie), watch(admin)

    send(reading(NOW, 0.5))
    assert admins.next_of("measurement")["device_id"] == str(METER)
    send(reading(NOW, 0.25, his))

    assert charlies.next_of("measurement")["device_id"] == str(his)
    assert admins.next_of("measurement")["device_id"] == str(his)


def test_last_event_id_brings_what_was_missed(
    meter: uuid.UUID, watch: Callable[..., Watcher], send: Callable[..., Any], alice: Caller, bob: Caller, admin: Caller
) -> None:
    watcher, witness = watch(alice), watch(admin)
    send(reading(NOW - timedelta(minutes=20), 0.1))
    watcher.next_of("measurement")
    witness.next_of("measurement")
    watcher.close()
    send(reading(NOW - timedelta(minutes=10), 0.2))
    assert witness.next_of("measurement")["value"] == 0.2

    resumed = watch(alice, **{"Last-Event-ID": watcher.last_id})

    assert resumed.next_of("measurement")["value"] == 0.2
    # An id of a process that is gone brings the present state.
    assert watch(alice, **{"Last-Event-ID": "1-1"}).next_of("measurement")["value"] == 0.2
    assert bob != alice


def test_the_stream_ends_when_the_token_does(
    meter: uuid.UUID, watch: Callable[..., Watcher], alice: Caller, server: str
) -> None:
    assert watch(alice, expires_in=2).next() is None
    assert watch(alice, expires_in=-60).response.status_code == 401
    assert httpx.post(server + ADDRESS).status_code == 405


def test_the_stream_ends_when_the_device_is_taken_away(
    meter: uuid.UUID, deliver: Callable[..., None], watch: Callable[..., Watcher], alice: Caller
) -> None:
    watcher = watch(alice)

    deliver(device_event(owners=[]), version=2)

    assert watcher.next() is None


def test_the_stream_ends_when_the_user_is_deleted(
    meter: uuid.UUID, deliver: Callable[..., None], watch: Callable[..., Watcher], alice: Caller
) -> None:
    user: dict[str, Any] = {
        "id": alice.id,
        "username": "alice",
        "email": "alice@example.com",
        "role": "client",
        "is_active": True,
    }
    deliver(UserCreated(**user))
    watcher = watch(alice)

    deliver(UserDeleted(id=alice.id), version=2)

    assert watcher.next() is None


def test_a_device_that_is_newly_hers_is_shown_without_reconnecting(
    meter: uuid.UUID,
    deliver: Callable[..., None],
    watch: Callable[..., Watcher],
    send: Callable[..., Any],
    alice: Caller,
    admin: Caller,
) -> None:
    watcher = watch(alice)
    new = uuid.uuid4()
    deliver(device_event(new, owners=[alice]))

    # The access notice and the reading's travel in order; the look at the access may still take a moment longer.
    for number in range(20):
        send(reading(NOW - timedelta(minutes=number), 0.1, new), reading(NOW - timedelta(minutes=number), 0.1))
        if watcher.next_of("measurement")["device_id"] == str(new) or watcher.next_of("measurement")[
            "device_id"
        ] == str(new):
            return
    pytest.fail("the new device never showed")
