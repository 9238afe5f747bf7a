"""The sagas' steps here: registration once, never after its undo, undone by saga and not by user; deletion at once."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from device_service.people.models import User
from service_kit.auth import Caller
from service_kit.events import DeviceUnassigned, UserCreated, UserDeleted

pytestmark = pytest.mark.django_db
DORA = uuid.uuid4()


@pytest.fixture
def saga(client_for: Callable[..., APIClient], a_service: Caller) -> Any:
    """`saga.do(id)` and `saga.undo(id)`: the status codes of the step and of its undo."""

    class Saga:
        client = client_for(a_service)

        def do(self, saga_id: uuid.UUID, **change: Any) -> int:
            body = {"saga_id": str(saga_id), "user_id": str(DORA), "username": "dora", "role": "client", **change}
            return self.client.post("/internal/users", body).status_code

        def undo(self, saga_id: uuid.UUID) -> int:
            return self.client.delete(f"/internal/users/{DORA}/rollback", {"saga_id": str(saga_id)}).status_code

    return Saga()


def test_the_user_is_known_at_once_and_the_step_may_be_repeated(saga: Any) -> None:
    one = uuid.uuid4()
    assert [saga.do(one), saga.do(one)] == [201, 200]
    user = User.live.get(pk=DORA)
    assert (user.username, user.role, user.is_active, user.version) == ("dora", "client", True, 0)


def test_undone_twice_is_undone_once_and_a_late_request_is_refused(saga: Any) -> None:
    one = uuid.uuid4()
    assert [saga.do(one), saga.undo(one), saga.undo(one), saga.do(one)] == [201, 204, 204, 409]
    assert not User.objects.filter(pk=DORA).exists()


def test_an_undo_that_overtakes_its_step_closes_the_door(saga: Any) -> None:
    one = uuid.uuid4()
    assert [saga.undo(one), saga.do(one)] == [204, 409]
    assert not User.objects.filter(pk=DORA).exists()


def test_an_old_sagas_undo_does_not_touch_a_newer_one(saga: Any) -> None:
    old, new = uuid.uuid4(), uuid.uuid4()
    assert [saga.undo(old), saga.do(new), saga.undo(old)] == [204, 201, 204]
    assert User.live.filter(pk=DORA).exists()


def test_an_account_that_exists_by_event_survives_the_undo(saga: Any, deliver: Callable[..., None]) -> None:
    one = uuid.uuid4()
    saga.do(one)
    deliver(UserCreated(id=DORA, username="dora", email="dora@example.org", role="client", is_active=True))
    assert saga.undo(one) == 204
    assert User.live.get(pk=DORA).version == 1


@pytest.mark.parametrize("change", [{"role": "king"}, {"username": ""}, {"user_id": "dora"}])
def test_a_wrong_request_is_a_400(saga: Any, change: dict[str, str]) -> None:
    assert saga.do(uuid.uuid4(), **change) == 400


def test_a_deletion_ends_all_sight_before_the_event_and_the_event_ends_it_for_good(
    by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any],
    client_for: Callable[..., APIClient], a_service: Caller, alice: Caller, bob: Caller, deliver: Callable[..., None],
    published: Callable[[], list[Any]],
) -> None:  # fmt: skip
    device = make_device()
    assign(device, alice)
    assign(device, bob)
    auth_service, saga = client_for(a_service), {"saga_id": str(uuid.uuid4())}
    assert [auth_service.delete(f"/internal/users/{alice.id}", saga).status_code for _ in range(2)] == [204, 204]
    assert client_for(alice).get("/api/devices").status_code == 401
    told = published()[-1]
    assert (type(told.event), [a.user_id for a in told.event.assignments]) == (DeviceUnassigned, [bob.id])
    assert told.version == 4
    deliver(UserDeleted(id=alice.id), version=2)
    assert not User.live.filter(pk=alice.id).exists()
    assert published()[-1].version == 4  # the event found nothing left to unassign


def test_a_deletion_of_somebody_unknown_is_no_error(client_for: Callable[..., APIClient], a_service: Caller) -> None:
    answer = client_for(a_service).delete(f"/internal/users/{DORA}", {"saga_id": str(uuid.uuid4())})
    assert answer.status_code == 204
