"""Plants: zone, country, place and tariff, and what the others are told of them."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.auth import Caller
from service_kit.events import PlantCreated, PlantDeleted, PlantUpdated


def test_a_plant_and_its_events(by_admin: APIClient, published: Callable[[], list[Any]]) -> None:
    home = {"name": "Home", "timezone": "Australia/Lord_Howe", "country": "AU", "latitude": -31.55, "longitude": 159.08}
    body = by_admin.post("/api/plants", {**home, "co2_g_per_kwh": 512.5}).json()
    assert body["co2_g_per_kwh"] == 512.5
    assert body["tariff"] is None
    assert by_admin.patch(f"/api/plants/{body['id']}", {"country": None}).json()["country"] is None
    assert by_admin.delete(f"/api/plants/{body['id']}").status_code == 204
    told = published()
    assert [(type(e.event), e.version) for e in told] == [(PlantCreated, 1), (PlantUpdated, 2), (PlantDeleted, 3)]
    assert (told[0].event.timezone, told[0].event.country, told[1].event.country) == ("Australia/Lord_Howe", "AU", None)


def test_without_a_zone_the_default_counts_and_a_put_without_one_keeps_it(by_admin: APIClient, settings: Any) -> None:
    settings.DEFAULT_TIMEZONE = "Europe/Rome"
    body = by_admin.post("/api/plants", {"name": "Home"}).json()
    assert body["timezone"] == "Europe/Rome"
    settings.DEFAULT_TIMEZONE = "UTC"
    assert by_admin.put(f"/api/plants/{body['id']}", {"name": "House"}).json()["timezone"] == "Europe/Rome"


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("timezone", "Europe/Roma", "'Europe/Roma' is not an IANA time zone. Did you mean Europe/Rome?"),
        ("timezone", "+01:00", "'+01:00' is not an IANA time zone."),
        ("timezone", "localtime", "not an IANA time zone"),
        ("country", "Italy", "two capital letters"),
        ("latitude", 90.5, "90.5 is more than 90"),
        ("longitude", "Infinity", "not a finite number"),
        ("co2_g_per_kwh", -1, "is less than 0"),
        ("tariff", "3f0e8f5a-0000-4000-8000-000000000000", "GET /api/tariffs lists them"),
    ],
)
def test_what_cannot_be_is_refused_and_named(by_admin: APIClient, field: str, value: Any, says: str) -> None:
    answer = by_admin.post("/api/plants", {"name": "Home", field: value})
    assert answer.status_code == 400
    assert says in answer.json()[field][0]


def test_a_client_sees_the_plants_and_devices_it_was_assigned(
    by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any],
    client_for: Callable[..., APIClient], alice: Caller, charlie: Caller,
) -> None:  # fmt: skip
    home, other = (by_admin.post("/api/plants", {"name": name}).data["id"] for name in ("Home", "Other"))
    hers, also_there = make_device(plant=home), make_device(name="Cellar", plant=home)
    make_device(plant=other)
    assign(hers, alice)
    client = client_for(alice)
    assert [plant["id"] for plant in client.get("/api/plants").json()["results"]] == [home]
    assert [d["id"] for d in client.get(f"/api/plants/{home}/devices").json()["results"]] == [str(hers.pk)]
    assert by_admin.get(f"/api/plants/{home}/devices").json()["count"] == 2
    assert client.get(f"/api/devices/{also_there.pk}").status_code == 404
    assert client.get(f"/api/plants/{other}/devices").status_code == 404
    assert client_for(charlie).get("/api/plants").json()["results"] == []


def test_a_plant_with_devices_stays(by_admin: APIClient, make_device: Callable[..., Device]) -> None:
    plant = by_admin.post("/api/plants", {"name": "Home"}).data["id"]
    make_device(plant=plant)
    answer = by_admin.delete(f"/api/plants/{plant}")
    assert answer.status_code == 409
    assert "1 device(s) belong to plant 'Home'" in answer.json()["detail"]


@pytest.mark.parametrize("who", ["alice", "admin"])
def test_the_lists_take_few_queries_however_long_they_are(
    request: pytest.FixtureRequest, by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any],
    client_for: Callable[..., APIClient], alice: Caller, django_assert_num_queries: Any, who: str,
) -> None:  # fmt: skip
    for number in range(5):
        plant = by_admin.post("/api/plants", {"name": f"Plant {number}"}).data["id"]
        for _ in range(2):
            assign(make_device(plant=plant), alice)
    client = client_for(request.getfixturevalue(who))
    with django_assert_num_queries(4):  # the caller's copy, the count, the page, the changes of its plants' tariffs
        assert client.get("/api/plants").json()["count"] == 5
    with django_assert_num_queries(4):  # and the plant
        assert client.get(f"/api/plants/{plant}/devices").json()["count"] == 2
