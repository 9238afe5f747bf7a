"""Who may see a device, from when to when."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.auth import Caller
from service_kit.events import DeviceAssigned, DeviceUnassigned

Assign = Callable[..., dict[str, Any]]
MakeDevice = Callable[..., Device]


def test_assigning_answers_201_then_200_and_tells_once(
    by_admin: APIClient, make_device: MakeDevice, alice: Caller, published: Callable[[], list[Any]]
) -> None:
    device = make_device()
    body = {"device_id": str(device.pk), "user_id": str(alice.id)}
    first, again = (by_admin.post("/api/mappings/assign", body) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["device_name"] == "Kitchen"
    assert first.json()["username"] == "alice"
    assert (first.json()["from"], first.json()["to"]) == (None, None)
    told = published()[1:]
    assert [(type(e.event), e.version, [a.user_id for a in e.event.assignments]) for e in told] == [
        (DeviceAssigned, 2, [alice.id])
    ]


def test_another_period_replaces_the_former_and_is_told(
    make_device: MakeDevice, assign: Assign, alice: Caller, published: Callable[[], list[Any]]
) -> None:
    device = make_device()
    assign(device, alice)
    period = assign(device, alice, **{"from": "2025-03-01T00:00:00+01:00", "to": "2026-03-01T00:00:00+01:00"})
    assert (period["from"], period["to"]) == ("2025-02-28T23:00:00Z", "2026-02-28T23:00:00Z")
    (told,) = published()[-1].event.assignments
    assert (told.from_, told.to) == (datetime(2025, 2, 28, 23, tzinfo=UTC), datetime(2026, 2, 28, 23, tzinfo=UTC))
    assert published()[-1].version == 3


def test_alice_and_bob_share_a_device_and_charlie_does_not_know_it(
    make_device: MakeDevice,
    assign: Assign,
    client_for: Callable[..., APIClient],
    alice: Caller,
    bob: Caller,
    charlie: Caller,
) -> None:
    device = make_device()
    make_device(name="Nobody's")
    assign(device, alice)
    assign(device, bob)
    for person, expected in ((alice, [str(device.pk)]), (bob, [str(device.pk)]), (charlie, [])):
        seen = client_for(person).get("/api/devices").json()
        assert (seen["count"], [d["id"] for d in seen["results"]]) == (len(expected), expected)
        own = client_for(person).get(f"/api/mappings/user/{person.id}/devices").json()
        assert [d["id"] for d in own["results"]] == expected


def test_a_former_tenant_still_reads_the_device_and_a_future_one_not_yet(
    make_device: MakeDevice, assign: Assign, client_for: Callable[..., APIClient], alice: Caller, bob: Caller
) -> None:
    device, now = make_device(), datetime.now(UTC)
    assign(device, alice, to=(now - timedelta(days=1)).isoformat())
    assign(device, bob, **{"from": (now + timedelta(days=1)).isoformat()})
    assert client_for(alice).get(f"/api/devices/{device.pk}").status_code == 200
    assert client_for(bob).get(f"/api/devices/{device.pk}").status_code == 404


def test_unassigning_ends_one_users_sight_and_leaves_the_others(
    by_admin: APIClient, make_device: MakeDevice, assign: Assign, client_for: Callable[..., APIClient], alice: Caller,
    bob: Caller, published: Callable[[], list[Any]],
) -> None:  # fmt: skip
    device = make_device()
    assign(device, alice)
    assign(device, bob)
    unassign = f"/api/mappings/unassign/{device.pk}"
    unclear = by_admin.delete(unassign)
    assert unclear.status_code == 400
    assert "2 users share this device. Name one" in unclear.json()["user_id"][0]
    assert by_admin.delete(f"{unassign}?user_id={alice.id}").status_code == 204
    assert by_admin.delete(f"{unassign}?user_id={alice.id}").status_code == 404
    assert client_for(alice).get(f"/api/devices/{device.pk}").status_code == 404
    assert client_for(bob).get(f"/api/devices/{device.pk}").status_code == 200
    told = published()[-1]
    assert (type(told.event), told.version) == (DeviceUnassigned, 4)
    assert [a.user_id for a in told.event.assignments] == [bob.id]
    assert by_admin.delete(unassign).status_code == 204
    assert by_admin.delete(f"{unassign}?user_id=alice").status_code == 400


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"user_id": "3f0e8f5a-0000-4000-8000-000000000000"}, "user_id", "There is no user 3f0e8f5a"),
        ({"device_id": "3f0e8f5a-0000-4000-8000-000000000000"}, "device_id", "There is no device 3f0e8f5a"),
        ({"user_id": "alice"}, "user_id", "valid UUID"),
        ({"from": "2026-01-01T00:00:00"}, "from", "has no offset"),
        ({"from": "yesterday"}, "from", "Datetime has wrong format"),
        ({"from": "2026-13-01T00:00:00Z"}, "from", "Datetime has wrong format"),
        ({"from": "0001-01-01T00:00:00+12:00"}, "from", "out of range"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "to", "is not after from"),
    ],
)
def test_what_cannot_be_is_refused_and_named(
    by_admin: APIClient, make_device: MakeDevice, alice: Caller, change: dict[str, str], field: str, says: str
) -> None:
    body = {"device_id": str(make_device().pk), "user_id": str(alice.id), **change}
    answer = by_admin.post("/api/mappings/assign", body)
    assert answer.status_code == 400
    assert says in answer.json()[field][0]


def test_the_admin_lists_assignments_by_user_and_device_in_three_queries(
    by_admin: APIClient,
    make_device: MakeDevice,
    assign: Assign,
    alice: Caller,
    bob: Caller,
    django_assert_num_queries: Any,
) -> None:
    devices = [make_device(name=f"Device {number}") for number in range(4)]
    for device in devices:
        assign(device, alice)
    assign(devices[0], bob)
    with django_assert_num_queries(3):  # the caller's copy, the count, the page
        assert by_admin.get("/api/mappings").json()["count"] == 5

    def count(query: str) -> int:
        return by_admin.get(f"/api/mappings?{query}").json()["count"]

    assert count(f"user_id={alice.id}") == 4
    assert count(f"device_id={devices[0].pk}") == 2
    assert count("search=bob") == 1
    assert count(f"user_id={uuid.uuid4()}") == 0


def test_the_admin_reads_a_users_devices(
    by_admin: APIClient, make_device: MakeDevice, assign: Assign, alice: Caller
) -> None:
    device = make_device()
    assign(device, alice)
    seen = by_admin.get(f"/api/mappings/user/{alice.id}/devices").json()
    assert [d["id"] for d in seen["results"]] == [str(device.pk)]
