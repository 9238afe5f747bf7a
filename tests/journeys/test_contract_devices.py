"""Devices, plants and who may see what: the admin writes, a client sees what it is or was assigned."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person

DEVICE_FIELDS = {
    *("id", "name", "description", "kind", "reading", "interval_seconds", "max_consumption", "rated_power_w"),
    *("usage_hours", "register_max", "category", "plant", "parent", "created_at", "updated_at"),
}


@pytest.fixture(scope="module")
def plant(admin: Person) -> dict[str, Any]:
    body = {"name": f"Plant {uuid.uuid4().hex[:6]}", "timezone": "Europe/Rome", "country": "IT", "co2_g_per_kwh": 250}
    return admin.api.post("/api/plants", body, expect=201)


@pytest.fixture(scope="module")
def boiler(make_device: MakeDevice, alice: Person, plant: dict[str, Any]) -> dict[str, Any]:
    return make_device("Boiler", owner=alice, plant=plant["id"], rated_power_w=3_000)


def ids(entries: Any) -> set[str]:
    return {entry["id"] for entry in (entries["results"] if isinstance(entries, dict) else entries)}


def test_a_device_has_all_its_fields(alice: Person, boiler: dict[str, Any], plant: dict[str, Any]) -> None:
    seen = alice.api.get(f"/api/devices/{boiler['id']}")

    assert set(seen) >= DEVICE_FIELDS
    assert (seen["kind"], seen["reading"], seen["interval_seconds"]) == ("consumption", "interval_kwh", 600)
    assert seen["plant"] == plant["id"]
    assert datetime.fromisoformat(seen["created_at"]).tzinfo is not None


def test_what_is_left_out_has_its_default(admin: Person) -> None:
    made = admin.api.post("/api/devices", {"name": "Plain", "max_consumption": 5}, expect=201)

    assert (made["kind"], made["reading"], made["interval_seconds"]) == ("consumption", "interval_kwh", 600)
    admin.api.delete(f"/api/devices/{made['id']}")


def test_a_client_sees_its_own_devices_and_no_other(
    alice: Person, charlie: Person, admin: Person, boiler: dict[str, Any]
) -> None:
    assert boiler["id"] in ids(list(alice.api.every("/api/devices")))
    assert boiler["id"] in ids(list(admin.api.every("/api/devices", page_size=500)))
    assert boiler["id"] not in ids(list(charlie.api.every("/api/devices")))
    charlie.api.get(f"/api/devices/{boiler['id']}", expect=404)
    alice.api.get(f"/api/devices/{uuid.uuid4()}", expect=404)


def test_only_the_admin_writes_devices(alice: Person, charlie: Person, boiler: dict[str, Any]) -> None:
    path = f"/api/devices/{boiler['id']}"
    alice.api.post("/api/devices", {"name": "Mine"}, expect=403)
    alice.api.patch(path, {"name": "Mine"}, expect=403)
    alice.api.delete(path, expect=403)
    charlie.api.patch(path, {"name": "Mine"}, expect=(403, 404))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "gas"),
        ("reading", "litres"),
        ("interval_seconds", 0),
        ("max_consumption", -1),
        ("plant", str(uuid.UUID(int=1))),
        ("parent", str(uuid.UUID(int=1))),
        ("name", ""),
    ],
)
def test_a_bad_device_is_refused_naming_the_field(admin: Person, field: str, value: object) -> None:
    body = {"name": "Bad", "max_consumption": 5, field: value}

    assert field in admin.api.post("/api/devices", body, expect=400)


def test_the_admin_changes_a_device_and_monitoring_hears_of_it(
    admin: Person, alice: Person, make_device: MakeDevice
) -> None:
    lamp = make_device("Lamp", owner=alice)

    assert admin.api.patch(f"/api/devices/{lamp['id']}", {"name": "Desk lamp"})["name"] == "Desk lamp"
    whole = admin.api.get(f"/api/devices/{lamp['id']}")
    assert admin.api.put(f"/api/devices/{lamp['id']}", {**whole, "description": "new"})["description"] == "new"

    wait_for(
        "the new name arrives in monitoring",
        lambda: any(
            known["id"] == lamp["id"] and known["name"] == "Desk lamp"
            for known in alice.api.every("/api/monitoring/devices")
        ),
    )


def test_a_deleted_device_is_gone_everywhere(admin: Person, alice: Person, make_device: MakeDevice) -> None:
    lamp = make_device("Lamp", owner=alice)

    admin.api.delete(f"/api/devices/{lamp['id']}")

    alice.api.get(f"/api/devices/{lamp['id']}", expect=404)
    wait_for(
        "the device leaves monitoring",
        lambda: lamp["id"] not in ids(list(alice.api.every("/api/monitoring/devices"))),
    )


def test_assigning_again_is_200_and_many_may_share(
    admin: Person, alice: Person, bob: Person, make_device: MakeDevice
) -> None:
    heater = make_device("Heater")
    first = {"device_id": heater["id"], "user_id": alice.id}

    admin.api.post("/api/mappings/assign", first, expect=201)
    admin.api.post("/api/mappings/assign", first, expect=200)
    admin.api.post("/api/mappings/assign", {"device_id": heater["id"], "user_id": bob.id}, expect=201)

    for person in (alice, bob):
        assert person.api.get(f"/api/devices/{heater['id']}")["id"] == heater["id"]
        assert heater["id"] in ids(person.api.get(f"/api/mappings/user/{person.id}/devices"))


def test_unassigned_one_does_not_see_it_any_more(
    admin: Person, alice: Person, bob: Person, make_device: MakeDevice
) -> None:
    heater = make_device("Heater", owner=alice)
    admin.api.post("/api/mappings/assign", {"device_id": heater["id"], "user_id": bob.id}, expect=201)

    admin.api.delete(f"/api/mappings/unassign/{heater['id']}", user_id=bob.id)

    bob.api.get(f"/api/devices/{heater['id']}", expect=404)
    wait_for(
        "monitoring hears of it",
        lambda: heater["id"] not in ids(list(bob.api.every("/api/monitoring/devices"))),
    )
    assert heater["id"] in ids(list(alice.api.every("/api/monitoring/devices")))


def test_an_assignment_may_have_a_period(admin: Person, bob: Person, make_device: MakeDevice) -> None:
    heater = make_device("Heater")
    now = datetime.now(UTC).replace(microsecond=0)
    body = {
        "device_id": heater["id"],
        "user_id": bob.id,
        "from": (now - timedelta(days=30)).isoformat(),
        "to": (now - timedelta(days=10)).isoformat(),
    }
    admin.api.post("/api/mappings/assign", body, expect=201)

    # A client lists and reads the devices that are or were assigned to it.
    assert bob.api.get(f"/api/devices/{heater['id']}")["id"] == heater["id"]

    backwards = {**body, "from": body["to"], "to": body["from"]}
    admin.api.post("/api/mappings/assign", backwards, expect=400)


def test_only_the_admin_assigns(admin: Person, alice: Person, boiler: dict[str, Any]) -> None:
    body = {"device_id": boiler["id"], "user_id": alice.id}
    alice.api.post("/api/mappings/assign", body, expect=403)
    alice.api.delete(f"/api/mappings/unassign/{boiler['id']}", user_id=alice.id, expect=403)
    alice.api.get("/api/mappings", expect=403)
    assert any(entry["device_id"] == boiler["id"] for entry in admin.api.every("/api/mappings", page_size=500))


def test_another_users_devices_are_not_listed(alice: Person, bob: Person) -> None:
    bob.api.get(f"/api/mappings/user/{alice.id}/devices", expect=(403, 404))


@pytest.mark.parametrize("field", ["device_id", "user_id"])
def test_what_is_not_there_cannot_be_assigned(admin: Person, alice: Person, boiler: dict[str, Any], field: str) -> None:
    body = {"device_id": boiler["id"], "user_id": alice.id, field: str(uuid.uuid4())}

    answer = admin.api.post("/api/mappings/assign", body, expect=(400, 404))

    assert body[field] in str(answer) or field in answer


def test_a_plant_and_its_devices(
    admin: Person, alice: Person, charlie: Person, plant: dict[str, Any], boiler: dict[str, Any]
) -> None:
    assert {"id", "name", "timezone", "country", "latitude", "longitude", "tariff", "co2_g_per_kwh"} <= set(plant)
    assert boiler["id"] in ids(admin.api.get(f"/api/plants/{plant['id']}/devices"))
    assert boiler["id"] in ids(alice.api.get(f"/api/plants/{plant['id']}/devices"))
    charlie.api.get(f"/api/plants/{plant['id']}", expect=404)
    alice.api.post("/api/plants", {"name": "Mine", "timezone": "UTC"}, expect=403)
    assert "timezone" in admin.api.post("/api/plants", {"name": "Bad", "timezone": "Mars"}, expect=400)


@pytest.mark.parametrize("path", ["/api/categories", "/api/tariffs", "/api/plants", "/api/devices"])
def test_lists_are_paginated(admin: Person, path: str) -> None:
    assert set(admin.api.get(path)) >= {"count", "next", "previous", "results"}


def test_a_meters_secret_is_for_the_admin_and_shown_once(admin: Person, alice: Person, boiler: dict[str, Any]) -> None:
    path = f"/api/devices/{boiler['id']}/credentials"

    first = admin.api.post(path, expect=(200, 201))["secret"]
    second = admin.api.post(path, expect=(200, 201))["secret"]

    assert first != second
    assert len(first) >= 16
    alice.api.post(path, expect=403)
    admin.api.delete(path)
