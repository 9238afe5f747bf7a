"""Whoever may not watch any more is cut off at once; nobody sees a time that is not theirs."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from monitoring_service.conftest import TEN_MINUTES, device_event, reading
from monitoring_service.live.tests.conftest import Watcher
from service_kit.auth import Caller
from service_kit.events import Assignment, UserUpdated

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
Deliver = Callable[..., None]
Watch = Callable[..., Watcher]
Send = Callable[..., Any]


def account(caller: Caller, **changes: Any) -> UserUpdated:
    values: dict[str, Any] = {"email": f"{caller.username}@example.org", "role": caller.role, "is_active": True}
    return UserUpdated(id=caller.id, username=caller.username, **{**values, **changes})


def test_a_deactivated_user_is_cut_off_and_the_others_go_on(
    meter: uuid.UUID, deliver: Deliver, watch: Watch, send: Send, alice: Caller, admin: Caller
) -> None:
    deliver(account(alice))
    first, second, others = watch(alice), watch(alice), watch(admin)

    deliver(account(alice, is_active=False), version=2)

    assert first.next() is None
    assert second.next() is None
    assert watch(alice).response.status_code == 401
    send(reading(NOW, 0.5))
    assert others.next_of("measurement")["value"] == 0.5


def test_an_admin_who_becomes_a_client_loses_what_is_not_theirs(
    meter: uuid.UUID, deliver: Deliver, watch: Watch, admin: Caller
) -> None:
    deliver(account(admin))
    watcher = watch(admin)

    deliver(account(admin, role="client"), version=2)

    assert watcher.next() is None


def test_bob_sees_his_period_alone(deliver: Deliver, watch: Watch, send: Send, bob: Caller, admin: Caller) -> None:
    deliver(device_event(owners=[Assignment(user_id=bob.id, from_=NOW, to=NOW + 2 * TEN_MINUTES)]))
    bobs, admins = watch(bob), watch(admin)

    # The first two intervals ended before his time, the last one ends after it.
    for step, value in enumerate([0.1, 0.2, 0.3, 0.4, 0.5], start=-1):
        send(reading(NOW + step * TEN_MINUTES, value))
        assert admins.next_of("measurement")["value"] == value
    send(reading(NOW + 2 * TEN_MINUTES, 0.6))  # a correction, the newest is another one

    assert [bobs.next_of("measurement")["value"] for _ in range(2)] == [0.3, 0.4]


def test_services_do_not_watch(server: str, watch: Watch, a_service: Caller) -> None:
    assert watch(a_service).response.status_code == 403


def test_a_stream_that_opens_while_access_changes_sees_the_newer_state(
    meter: uuid.UUID, deliver: Deliver, watch: Watch, alice: Caller
) -> None:
    for version in range(2, 22, 2):
        deliver(device_event(owners=[]), version=version)
        deliver(device_event(owners=[alice]), version=version + 1)
        watcher = watch(alice)
        deliver(device_event(owners=[]), version=version + 2)
        assert watcher.next() is None
