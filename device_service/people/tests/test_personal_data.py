"""What this service holds of a person, and that it is gone with the person."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from device_service.mappings.models import Mapping
from device_service.people.models import User
from service_kit.auth import Caller
from service_kit.events import UserDeleted


@pytest.fixture
def exported(client_for: Callable[..., APIClient], a_service: Caller) -> Callable[[Caller], dict[str, Any]]:
    def get(person: Caller) -> dict[str, Any]:
        answer: Any = client_for(a_service).get(f"/internal/users/{person.id}/export")
        return json.loads(b"".join(answer.streaming_content))

    return get


def test_the_devices_with_their_periods_and_what_one_noted(
    by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any], alice: Caller, bob: Caller,
    admin: Caller, exported: Callable[[Caller], dict[str, Any]], django_assert_num_queries: Any,
) -> None:  # fmt: skip
    plant = by_admin.post("/api/plants", {"name": "Home", "timezone": "Europe/Rome"}).json()["id"]
    kitchen, cellar = make_device(plant=plant), make_device(name="Cellar", reading="register_kwh")
    assign(kitchen, alice)
    assign(cellar, alice, **{"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"})
    assign(kitchen, bob)
    change = {"at": "2026-01-05T10:00:00Z", "final_register": 10, "first_register": 0, "note": "new one"}
    assert by_admin.post(f"/api/devices/{cellar.pk}/meter-change", change).status_code == 201
    with django_assert_num_queries(2):
        hers = exported(alice)
    assert [(d["name"], d["plant"], d["timezone"], d["from"], d["to"]) for d in hers["devices"]] == [
        ("Cellar", None, None, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
        ("Kitchen", "Home", "Europe/Rome", None, None),
    ]
    assert [d["name"] for d in exported(bob)["devices"]] == ["Kitchen"]
    assert [n["note"] for n in exported(admin)["meter_changes_noted"]] == ["new one"]


def test_with_the_person_every_trace_goes_and_bob_still_sees_what_they_shared(
    make_device: Callable[..., Device], assign: Callable[..., Any], alice: Caller, bob: Caller, a_service: Caller,
    client_for: Callable[..., APIClient], deliver: Callable[..., None], traces: Callable[..., list[str]],
    exported: Callable[[Caller], dict[str, Any]],
) -> None:  # fmt: skip
    device = make_device()
    assign(device, alice)
    assign(device, bob)
    auth_service, dora = client_for(a_service), uuid.uuid4()
    step = {"saga_id": str(uuid.uuid4()), "user_id": str(dora), "username": "dora", "role": "client"}
    assert auth_service.post("/internal/users", step).status_code == 201
    assert traces("alice", "dora") == ["people_user: alice", "people_user: dora"]
    for person in (alice.id, dora):
        assert auth_service.delete(f"/internal/users/{person}", {"saga_id": str(uuid.uuid4())}).status_code == 204
        deliver(UserDeleted(id=person), version=3)
    assert traces("alice", "dora") == []
    assert not Mapping.objects.filter(user_id=alice.id).exists()
    assert User.objects.get(pk=alice.id).deleted_at is not None
    assert exported(alice)["devices"] == []
    assert client_for(bob).get(f"/api/devices/{device.pk}").status_code == 200
