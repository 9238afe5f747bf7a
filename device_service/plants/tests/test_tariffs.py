"""Tariffs price every minute of the week once."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.plants.rates import RatesDoNotFit, check_week
from device_service.plants.serializers import TWO_RATES
from service_kit.auth import Caller
from service_kit.events import PlantCreated, PlantUpdated, TariffCreated, TariffDeleted, TariffRate, TariffUpdated


def rate(start: int = 0, end: int = 1440, days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)) -> dict[str, Any]:
    return {"price_per_kwh": 0.3, "weekdays": list(days), "from_minute": start, "to_minute": end}


def test_a_tariff_and_its_events(by_admin: APIClient, published: Callable[[], list[Any]]) -> None:
    body = by_admin.post("/api/tariffs", {"name": "Two", "feed_in_per_kwh": 0.08, "rates": TWO_RATES}).json()
    assert body["rates"] == TWO_RATES
    assert (body["currency"], body["standing_charge_per_day"], body["feed_in_per_kwh"]) == ("EUR", 0, 0.08)
    changed = by_admin.patch(f"/api/tariffs/{body['id']}", {"rates": [{"price_per_kwh": -0.01}]}).json()
    week = {"weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "00:00", "to": "24:00"}
    assert changed["rates"] == [{"price_per_kwh": -0.01, **week}]
    assert by_admin.delete(f"/api/tariffs/{body['id']}").status_code == 204
    told = published()
    assert [(type(e.event), e.version) for e in told] == [(TariffCreated, 1), (TariffUpdated, 2), (TariffDeleted, 3)]
    assert told[0].event.rates[1] == TariffRate(
        price_per_kwh=0.36, weekdays=[1, 2, 3, 4, 5], from_minute=420, to_minute=1440
    )


@pytest.mark.parametrize(
    ("rates", "says"),
    [
        ([rate(0, 420), rate(480, 1440)], "Monday 07:00 to 08:00 has no price"),
        ([rate(0, 480), rate(420, 1440)], "Monday 07:00 to 08:00 has two prices"),
        ([rate(), rate(600, 660, (7,))], "Sunday 10:00 to 11:00 has two prices"),
        ([rate(days=(1, 2, 3, 4, 5))], "Saturday 00:00 to 24:00 has no price"),
        ([rate(0, 1380)], "Monday 23:00 to 24:00 has no price"),
    ],
)
def test_a_minute_without_a_price_or_with_two_is_named(rates: list[dict[str, Any]], says: str) -> None:
    with pytest.raises(RatesDoNotFit, match=says):
        check_week(rates)


@pytest.mark.parametrize(
    "rates", [[rate()], [rate(0, 420), rate(420, 1440)], [rate(days=(1, 2, 3)), rate(days=(4, 5, 6, 7))]]
)
def test_a_whole_week_fits(rates: list[dict[str, Any]]) -> None:
    check_week(rates)


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"rates": []}, "rates", "empty"),
        ({"rates": "flat"}, "rates", "list"),
        ({"rates": [{"price_per_kwh": 0.3, "from": "22:00", "to": "06:00"}]}, "rates", "spans midnight"),
        ({"rates": [{"price_per_kwh": 0.3, "from": "25:00"}]}, "rates", "'25:00' is not a time of day"),
        ({"rates": [{"price_per_kwh": 0.3, "weekdays": [0]}]}, "rates", "greater than or equal to 1"),
        ({"rates": [{"weekdays": [1]}]}, "rates", "required"),
        ({"currency": "euro"}, "currency", "three capital letters"),
        ({"standing_charge_per_day": -1}, "standing_charge_per_day", "is less than 0"),
        ({"valid_from": "2026-01-01T00:00:00"}, "valid_from", "has no offset"),
        (
            {"valid_from": "2026-01-02T00:00:00Z", "valid_to": "2026-01-01T00:00:00Z"},
            "valid_to",
            "is not after valid_from",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_named(
    by_admin: APIClient, change: dict[str, Any], field: str, says: str
) -> None:
    answer = by_admin.post("/api/tariffs", {"name": "Flat", "rates": [{"price_per_kwh": 0.3}], **change})
    assert answer.status_code == 400
    assert says in str(answer.json()[field])


def test_a_tariff_in_use_stays(by_admin: APIClient) -> None:
    tariff = by_admin.post("/api/tariffs", {"name": "Flat", "rates": [{"price_per_kwh": 0.3}]}).data["id"]
    by_admin.post("/api/plants", {"name": "Home", "tariff": tariff})
    answer = by_admin.delete(f"/api/tariffs/{tariff}")
    assert answer.status_code == 409
    assert "1 plant(s) use tariff 'Flat'" in answer.json()["detail"]


@pytest.fixture
def two_tariffs(by_admin: APIClient) -> list[str]:
    flat = {"rates": [{"price_per_kwh": 0.3}]}
    return [by_admin.post("/api/tariffs", {"name": name, **flat}).data["id"] for name in ("Old", "New")]


def test_a_plants_tariffs_follow_each_other(
    by_admin: APIClient, two_tariffs: list[str], published: Callable[[], list[Any]]
) -> None:
    old, new = two_tariffs
    changes = [{"at": "2026-04-01T00:00:00Z", "tariff": old}, {"at": "2026-03-15T00:00:00+01:00", "tariff": new}]
    plant = by_admin.post("/api/plants", {"name": "Home", "tariff": old, "tariff_changes": changes}).json()
    in_order = [{"at": "2026-03-14T23:00:00Z", "tariff": new}, {"at": "2026-04-01T00:00:00Z", "tariff": old}]
    assert (plant["tariff"], plant["tariff_changes"]) == (old, in_order)

    address = f"/api/plants/{plant['id']}"
    assert by_admin.patch(address, {"name": "House"}).json()["tariff_changes"] == in_order
    assert by_admin.patch(address, {"tariff_changes": in_order[:1]}).json()["tariff_changes"] == in_order[:1]
    assert by_admin.get(address).json()["tariff_changes"] == in_order[:1]

    told = [e.event for e in published() if isinstance(e.event, PlantCreated | PlantUpdated)]
    assert [[str(c.tariff_id) for c in event.tariff_changes] for event in told] == [[new, old], [new, old], [new]]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ("soon", "list"),
        ([{"at": "2026-03-15T00:00:00Z"}], "required"),
        ([{"at": "2026-03-15T00:00:00", "tariff": "{new}"}], "has no offset"),
        ([{"at": "2026-03-15T00:00:00Z", "tariff": str(uuid.UUID(int=7))}], "GET /api/tariffs lists them"),
        ([{"at": "2026-03-15T00:00:00Z", "tariff": "{new}"}] * 2, "Two tariffs begin at 2026-03-15T00:00:00+00:00"),
    ],
)
def test_changes_that_cannot_be_are_refused_and_change_nothing(
    by_admin: APIClient, two_tariffs: list[str], changes: Any, says: str
) -> None:
    plant = by_admin.post("/api/plants", {"name": "Home", "tariff": two_tariffs[0]}).json()
    sent = json.loads(json.dumps(changes).replace("{new}", two_tariffs[1]))
    answer = by_admin.patch(f"/api/plants/{plant['id']}", {"tariff_changes": sent})
    assert answer.status_code == 400
    assert says in str(answer.json()["tariff_changes"])
    assert by_admin.get(f"/api/plants/{plant['id']}").json()["tariff_changes"] == []


def test_a_tariff_that_follows_is_in_use_and_its_plants_clients_see_it(
    by_admin: APIClient, two_tariffs: list[str], make_device: Callable[..., Any], assign: Callable[..., Any],
    client_for: Callable[..., APIClient], alice: Caller, charlie: Caller,
) -> None:  # fmt: skip
    old, new = two_tariffs
    change = {"at": "2026-03-15T00:00:00Z", "tariff": new}
    again = {"at": "2026-05-15T00:00:00Z", "tariff": new}
    plant = by_admin.post("/api/plants", {"name": "Home", "tariff": old, "tariff_changes": [change, again]}).data["id"]
    assign(make_device(plant=plant), alice)

    answer = by_admin.delete(f"/api/tariffs/{new}")

    assert (answer.status_code, answer.json()["detail"][:33]) == (409, "1 plant(s) use tariff 'New'. Give")
    assert {row["id"] for row in client_for(alice).get("/api/tariffs").json()["results"]} == {old, new}
    assert client_for(charlie).get("/api/tariffs").json()["results"] == []
    assert by_admin.delete(f"/api/plants/{plant}").status_code == 409  # its device
