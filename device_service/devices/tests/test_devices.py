"""Making, changing and deleting devices, and what the others are told of it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.auth import Caller
from service_kit.events import DeviceCreated, DeviceDeleted, DeviceUpdated

Published = Callable[[], list[Any]]


def test_a_new_device_has_the_contracts_fields_and_defaults(by_admin: APIClient, published: Published) -> None:
    answer = by_admin.post("/api/devices", {"name": "Kitchen", "description": "Hob", "max_consumption": 3.5})
    assert answer.status_code == 201
    body = answer.json()
    made = {name: body.pop(name) for name in ("id", "created_at", "updated_at")}
    assert uuid.UUID(made["id"]).version == 4
    assert made["created_at"].endswith("Z")
    assert body == {
        "name": "Kitchen",
        "description": "Hob",
        "kind": "consumption",
        "reading": "interval_kwh",
        "interval_seconds": 600,
        "max_consumption": 3.5,
        "rated_power_w": None,
        "usage_hours": None,
        "register_max": None,
        "category": None,
        "plant": None,
        "parent": None,
    }
    (told,) = published()
    assert type(told.event) is DeviceCreated
    assert (str(told.event.id), told.event.max_consumption, told.version) == (made["id"], 3.5, 1)


def test_every_change_is_told_with_the_whole_state_and_the_next_version(
    by_admin: APIClient,
    make_device: Callable[..., Device],
    assign: Callable[..., Any],
    alice: Caller,
    published: Published,
) -> None:
    category = by_admin.post("/api/categories", {"name": "Heating"}).data["id"]
    device = make_device(reading="register_kwh", register_max=99999.9, category=category)
    assign(device, alice, to="2030-01-01T00:00:00Z")
    assert by_admin.patch(f"/api/devices/{device.pk}", {"name": "Heat pump"}).json()["name"] == "Heat pump"
    assert by_admin.put(f"/api/devices/{device.pk}", {"name": "Pump"}).status_code == 200
    assert by_admin.delete(f"/api/devices/{device.pk}").status_code == 204
    *_, created, _assigned, patched, put, deleted = published()
    assert [type(e.event) for e in (created, patched, put, deleted)] == [
        DeviceCreated, DeviceUpdated, DeviceUpdated, DeviceDeleted,
    ]  # fmt: skip
    assert [e.version for e in published()] == [1, 2, 3, 4, 5]
    assert (patched.event.name, patched.event.category, patched.event.register_max) == ("Heat pump", "Heating", 99999.9)
    assert [a.user_id for a in patched.event.assignments] == [alice.id]
    assert deleted.event == DeviceDeleted(id=device.pk)
    gone = by_admin.get(f"/api/devices/{device.pk}")
    assert (gone.status_code, gone.json()) == (
        404,
        {"detail": f"There is nothing at /api/devices/{device.pk} that you may see."},
    )


def test_a_refused_request_tells_nothing(by_admin: APIClient, published: Published) -> None:
    assert by_admin.post("/api/devices", {"name": ""}).status_code == 400
    assert published() == []


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "blank"),
        ("kind", "solar", "solar"),
        ("reading", "kwh", "kwh"),
        ("interval_seconds", 0, "0 is less than 1"),
        ("interval_seconds", 10**12, "1000000000000 is more than"),
        ("max_consumption", -1, "-1.0 is less than 0"),
        ("max_consumption", "NaN", "'NaN' is not a finite number"),
        ("max_consumption", True, "'True' is not a finite number"),
        ("rated_power_w", "1e999", "not a finite number"),
        ("usage_hours", 25, "25.0 is more than 24"),
        ("register_max", -5, "is less than 0"),
        ("plant", "3f0e8f5a-0000-4000-8000-000000000000", "There is no plant 3f0e8f5a-0000-4000-8000-000000000000"),
        ("category", "tools", "valid UUID"),
        ("parent", "3f0e8f5a-0000-4000-8000-000000000000", "GET /api/devices lists them"),
    ],
)
def test_what_cannot_be_is_refused_and_named(by_admin: APIClient, field: str, value: Any, says: str) -> None:
    answer = by_admin.post("/api/devices", {"name": "Kitchen", field: value})
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert says in answer.json()[field][0]


def test_a_device_is_no_sub_meter_of_itself_nor_of_its_own_sub_meters(
    by_admin: APIClient, make_device: Callable[..., Device]
) -> None:
    main = make_device(name="Main")
    floor = make_device(name="Floor", parent=str(main.pk))
    room = make_device(name="Room", parent=str(floor.pk))
    for parent in (main, floor, room):
        answer = by_admin.patch(f"/api/devices/{main.pk}", {"parent": str(parent.pk)})
        assert answer.status_code == 400
        assert str(parent.pk) in answer.json()["parent"][0]
    assert by_admin.patch(f"/api/devices/{room.pk}", {"parent": str(main.pk)}).status_code == 200
    assert by_admin.patch(f"/api/devices/{room.pk}", {"parent": None}).status_code == 200


def test_a_meter_with_sub_meters_stays(by_admin: APIClient, make_device: Callable[..., Device]) -> None:
    main = make_device(name="Main")
    make_device(name="Floor", parent=str(main.pk))
    answer = by_admin.delete(f"/api/devices/{main.pk}")
    assert answer.status_code == 409
    assert "1 sub-meter(s) name 'Main'" in answer.json()["detail"]


def test_the_list_can_be_searched_filtered_and_ordered(by_admin: APIClient, make_device: Callable[..., Device]) -> None:
    plant = by_admin.post("/api/plants", {"name": "Home"}).data["id"]
    make_device(name="Roof", kind="production", plant=plant)
    make_device(name="Kitchen", description="hob and oven")
    make_device(name="Attic")

    def names(query: str) -> list[str]:
        return [device["name"] for device in by_admin.get(f"/api/devices?{query}").json()["results"]]

    assert names("") == ["Attic", "Kitchen", "Roof"]
    assert names("ordering=-name") == ["Roof", "Kitchen", "Attic"]
    assert names("search=OVEN") == ["Kitchen"]
    assert names("kind=production") == ["Roof"]
    assert names(f"plant={plant}") == ["Roof"]
    assert names(f"plant={uuid.uuid4()}") == []
    assert by_admin.get("/api/devices?kind=solar").status_code == 400


def test_pages_hold_each_device_once_even_when_names_are_equal(
    by_admin: APIClient, make_device: Callable[..., Device]
) -> None:
    made = {str(make_device(name="Socket").pk) for _ in range(7)}
    seen: list[str] = []
    url: str | None = "/api/devices?page_size=2&ordering=name"
    while url:
        page = by_admin.get(url).json()
        assert page["count"] == 7
        seen += [device["id"] for device in page["results"]]
        url = page["next"]
    assert len(seen) == 7
    assert set(seen) == made


@pytest.mark.parametrize("who", ["alice", "admin"])
def test_the_list_takes_three_queries_however_long_it_is(
    request: pytest.FixtureRequest, make_device: Callable[..., Device], assign: Callable[..., Any], alice: Caller,
    by_admin: APIClient, client_for: Callable[..., APIClient], django_assert_num_queries: Any, who: str,
) -> None:  # fmt: skip
    plant = by_admin.post("/api/plants", {"name": "Home"}).data["id"]
    category = by_admin.post("/api/categories", {"name": "Cooking"}).data["id"]
    main = make_device(name="Main")
    for number in range(10):
        device = make_device(name=f"Device {number}", plant=plant, category=category, parent=str(main.pk))
        assign(device, alice)
    client = client_for(request.getfixturevalue(who))
    with django_assert_num_queries(3):  # the caller's copy, the count, the page
        assert client.get("/api/devices").json()["count"] >= 10


def test_a_broken_body_is_a_400_in_json(by_admin: APIClient) -> None:
    answer = by_admin.post("/api/devices", data=b"{", content_type="application/json")
    assert answer.status_code == 400
    assert "is not JSON" in answer.json()["detail"]
    assert by_admin.post("/api/devices", [1, 2]).status_code == 400
