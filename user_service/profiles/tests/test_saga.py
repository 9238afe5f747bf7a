"""The sagas' steps here: registration once, never after its undo, undone by saga and not by user; change and deletion."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from service_kit.auth import Caller
from user_service.profiles.models import Profile

pytestmark = pytest.mark.django_db
DORA = uuid.uuid4()


@pytest.fixture
def saga(client_for: Callable[..., APIClient], a_service: Caller) -> Any:
    """`saga.do(id)` and `saga.undo(id)`: the status codes of the step and of its undo."""

    class Saga:
        client = client_for(a_service)

        def do(self, saga_id: uuid.UUID, **change: Any) -> int:
            names = {"first_name": "Dora", "last_name": "Verdi", "phone": ""}
            body = {"saga_id": str(saga_id), "step": "profile", "user_id": str(DORA), **names, **change}
            return self.client.post("/api/users", body).status_code

        def undo(self, saga_id: uuid.UUID) -> int:
            return self.client.delete(f"/api/users/{DORA}/rollback", {"saga_id": str(saga_id)}).status_code

    return Saga()


def test_the_profile_is_there_at_once_and_the_step_may_be_repeated(
    saga: Any, settings: Any, published: Callable[[], list[Any]]
) -> None:
    settings.DEFAULT_TIMEZONE = "Europe/Rome"
    one = uuid.uuid4()
    assert [saga.do(one), saga.do(one)] == [201, 200]
    profile = Profile.objects.get(user_id=DORA)
    assert (profile.first_name, profile.last_name, profile.timezone) == ("Dora", "Verdi", "Europe/Rome")
    assert published() == []  # until auth_service says that the account exists, there is nobody to tell of


def test_undone_twice_is_undone_once_and_a_late_request_is_refused(saga: Any) -> None:
    one = uuid.uuid4()
    assert [saga.do(one), saga.undo(one), saga.undo(one), saga.do(one)] == [201, 204, 204, 409]
    assert not Profile.objects.exists()


def test_an_undo_that_overtakes_its_step_closes_the_door(saga: Any) -> None:
    one = uuid.uuid4()
    assert [saga.undo(one), saga.do(one)] == [204, 409]
    assert not Profile.objects.exists()


def test_an_old_sagas_undo_does_not_touch_a_newer_one(saga: Any) -> None:
    old, new = uuid.uuid4(), uuid.uuid4()
    assert [saga.undo(old), saga.do(new), saga.undo(old)] == [204, 201, 204]
    assert Profile.objects.filter(user_id=DORA).exists()


def test_two_sagas_cannot_make_the_same_users_profile(saga: Any) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    assert [saga.do(one), saga.do(two), saga.undo(two)] == [201, 409, 204]
    assert Profile.objects.filter(user_id=DORA).exists()


@pytest.mark.parametrize("change", [{"phone": "call me"}, {"first_name": "x" * 200}, {"user_id": "dora"}])
def test_a_wrong_request_is_a_400_and_leaves_no_fence(saga: Any, change: dict[str, str]) -> None:
    one = uuid.uuid4()
    assert [saga.do(one, **change), saga.do(one)] == [400, 201]


def test_a_change_is_made_once_so_a_late_copy_brings_no_old_name_back(
    cast: None, client_for: Callable[..., APIClient], a_service: Caller, alice: Caller,
    published: Callable[[], list[Any]],
) -> None:  # fmt: skip
    auth_service, url = client_for(a_service), f"/internal/users/{alice.id}"
    first = {"saga_id": str(uuid.uuid4()), "first_name": "Alicia", "last_name": "Rossi", "phone": ""}
    second = {**first, "saga_id": str(uuid.uuid4()), "first_name": "Alice Maria"}
    assert [auth_service.put(url, body).json() for body in (first, second, first)] == [
        {"version": 2},
        {"version": 3},
        {"version": 2},
    ]
    assert Profile.objects.get(user_id=alice.id).first_name == "Alice Maria"
    assert [(e.event.first_name, e.version) for e in published()[-2:]] == [("Alicia", 2), ("Alice Maria", 3)]


def test_a_change_of_somebody_unknown_is_a_404_and_leaves_no_fence(
    client_for: Callable[..., APIClient], a_service: Caller, saga: Any
) -> None:
    body = {"saga_id": str(uuid.uuid4()), "first_name": "Dora", "last_name": "Neri", "phone": ""}
    auth_service, url = client_for(a_service), f"/internal/users/{DORA}"
    assert auth_service.put(url, body).status_code == 404
    saga.do(uuid.uuid4())
    assert auth_service.put(url, body).status_code == 200
    assert Profile.objects.get(user_id=DORA).last_name == "Neri"


def test_a_deletion_may_be_repeated(
    cast: None, client_for: Callable[..., APIClient], a_service: Caller, alice: Caller
) -> None:
    auth_service, saga = client_for(a_service), {"saga_id": str(uuid.uuid4())}
    assert [auth_service.delete(f"/internal/users/{alice.id}", saga).status_code for _ in range(2)] == [204, 204]
    assert not Profile.objects.filter(user_id=alice.id).exists()
    assert Profile.objects.count() == 3
