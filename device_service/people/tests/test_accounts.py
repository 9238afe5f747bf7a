"""The service's copy of the accounts, and what happens to a deleted user's devices."""

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from device_service.devices.models import Device
from device_service.mappings.models import Mapping
from device_service.people.models import User
from service_kit.auth import Caller
from service_kit.events import DeviceUnassigned, UserCreated, UserDeleted, UserUpdated


def state(person: Caller, *, is_active: bool = True) -> dict[str, Any]:
    email = f"{person.username}@example.org"
    return {"id": person.id, "username": person.username, "email": email, "role": person.role, "is_active": is_active}


def test_a_deleted_users_devices_are_unassigned_and_stay_with_those_who_share_them(
    by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any], deliver: Callable[..., None],
    client_for: Callable[..., APIClient], alice: Caller, bob: Caller, published: Callable[[], list[Any]],
) -> None:  # fmt: skip
    shared, hers = make_device(name="Shared"), make_device(name="Hers")
    assign(shared, alice)
    assign(shared, bob)
    assign(hers, alice)
    told_before = len(published())
    for _ in range(2):
        deliver(UserDeleted(id=alice.id), version=2)
    assert list(Mapping.objects.values_list("user_id", flat=True)) == [bob.id]
    told = {e.event.name: (type(e.event), e.version, len(e.event.assignments)) for e in published()[told_before:]}
    assert told == {"Shared": (DeviceUnassigned, 4, 1), "Hers": (DeviceUnassigned, 3, 0)}
    assert len(published()) == told_before + 2
    assert client_for(alice).get("/api/devices").status_code == 401
    again = by_admin.post("/api/mappings/assign", {"device_id": str(hers.pk), "user_id": str(alice.id)})
    assert again.status_code == 400
    assert f"There is no user {alice.id}" in again.json()["user_id"][0]


def test_a_deactivated_user_is_refused_until_it_is_active_again(
    cast: None, deliver: Callable[..., None], client_for: Callable[..., APIClient], alice: Caller
) -> None:
    deliver(UserUpdated(**state(alice, is_active=False)), version=2)
    assert client_for(alice).get("/api/devices").status_code == 401
    deliver(UserUpdated(**state(alice)), version=3)
    assert client_for(alice).get("/api/devices").status_code == 200


def test_an_event_that_comes_late_changes_nothing(cast: None, deliver: Callable[..., None], alice: Caller) -> None:
    deliver(UserDeleted(id=alice.id), version=3)
    deliver(UserUpdated(**state(alice)), version=2)
    deliver(UserCreated(**state(alice)), version=1)
    assert not User.live.filter(pk=alice.id).exists()
