"""Tariffs price every minute of the week once."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.plants.rates import RatesDoNotFit, check_week
from device_service.plants.serializers import TWO_RATES
from service_kit.events import TariffCreated, TariffDeleted, TariffRate, TariffUpdated


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
