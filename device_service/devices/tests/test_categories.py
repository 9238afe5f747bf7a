"""Categories are labels; a device's state names its own."""

from collections.abc import Callable
from typing import Any

from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.events import DeviceUpdated


def test_names_are_unique_whatever_their_case(by_admin: APIClient) -> None:
    cooking = by_admin.post("/api/categories", {"name": "Cooking"}).data["id"]
    again = by_admin.post("/api/categories", {"name": "COOKING"})
    assert again.status_code == 400
    assert "A category named 'COOKING' exists already" in again.json()["name"][0]
    assert by_admin.patch(f"/api/categories/{cooking}", {"name": "cooking"}).status_code == 200
    heating = by_admin.post("/api/categories", {"name": "Heating"}).data["id"]
    assert by_admin.put(f"/api/categories/{heating}", {"name": "Cooking"}).status_code == 400


def test_a_new_name_is_told_for_every_device_that_carries_it(
    by_admin: APIClient, make_device: Callable[..., Device], published: Callable[[], list[Any]]
) -> None:
    category = by_admin.post("/api/categories", {"name": "Cooking"}).data["id"]
    devices = {make_device(category=category).pk for _ in range(2)}
    make_device()
    told_before = len(published())
    by_admin.patch(f"/api/categories/{category}", {"name": "Kitchen"})
    told = published()[told_before:]
    assert {e.event.id for e in told} == devices
    assert {(type(e.event), e.event.category, e.version) for e in told} == {(DeviceUpdated, "Kitchen", 2)}


def test_a_category_in_use_stays(by_admin: APIClient, make_device: Callable[..., Device]) -> None:
    category = by_admin.post("/api/categories", {"name": "Cooking"}).data["id"]
    make_device(category=category)
    answer = by_admin.delete(f"/api/categories/{category}")
    assert answer.status_code == 409
    assert "1 device(s) carry this category" in answer.json()["detail"]


def test_the_list_takes_three_queries(by_admin: APIClient, django_assert_num_queries: Any) -> None:
    for name in "abcdef":
        by_admin.post("/api/categories", {"name": name})
    with django_assert_num_queries(3):
        assert by_admin.get("/api/categories").json()["count"] == 6
