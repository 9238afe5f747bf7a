"""A plant's temperature and prices by the hour: the admin writes them, whoever lives there reads them."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, device_event
from service_kit.auth import Caller
from service_kit.events import PlantCreated

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
PLANT = uuid.UUID(int=7)
ADDRESS = f"/api/plants/{PLANT}/series/temperature"
DAY_LONG = {"start": "2026-03-10T00:00:00Z", "end": "2026-03-11T00:00:00Z"}


def hours(count: int, value: float, *, first: datetime = DAY) -> list[dict[str, Any]]:
    return [{"start": (first + timedelta(hours=n)).isoformat(), "value": value + n} for n in range(count)]


@pytest.fixture
def plant(db: None, deliver: Callable[..., None], alice: Caller) -> uuid.UUID:
    deliver(PlantCreated(id=PLANT, name="Home", timezone="Europe/Rome"))
    deliver(device_event(owners=[alice], plant_id=PLANT))
    return PLANT


def test_what_was_measured_comes_before_what_was_forecast(
    plant: uuid.UUID, client_for: ClientFor, admin: Caller, alice: Caller
) -> None:
    client = client_for(admin)
    first, second = "2026-03-09T12:00:00Z", "2026-03-09T18:00:00Z"
    client.post(ADDRESS, {"unit": "°C", "issued_at": first, "values": hours(4, 10)})
    client.post(ADDRESS, {"unit": "°C", "issued_at": second, "values": hours(3, 20)})
    assert client.post(ADDRESS, {"unit": "°C", "values": hours(2, 30)}).json() == {"accepted": 2, "changed": 2}

    body = client_for(alice).get(ADDRESS, DAY_LONG).json()

    assert (body["unit"], body["timezone"], len(body["data"])) == ("°C", "Europe/Rome", 24)
    assert [(e["value"], e["basis"], e["issued_at"]) for e in body["data"][:5]] == [
        (30, "measured", None),
        (31, "measured", None),
        (22, "forecast", second),
        (13, "forecast", first),
        (None, "missing", None),
    ]
    assert body["data"][0]["start"] == "2026-03-10T01:00:00+01:00"
    then = client_for(alice).get(ADDRESS, {**DAY_LONG, "as_of": "2026-03-09T13:00:00Z"}).json()
    assert [e["value"] for e in then["data"][:5]] == [10, 11, 12, 13, None]


def test_an_hour_that_is_sent_again_is_replaced(plant: uuid.UUID, client_for: ClientFor, admin: Caller) -> None:
    client = client_for(admin)
    client.post(ADDRESS, {"unit": "°C", "values": hours(3, 10)})

    again = client.post(ADDRESS, {"unit": "°C", "values": [*hours(3, 10), *hours(1, 5)]})

    assert again.json() == {"accepted": 4, "changed": 1}
    assert [e["value"] for e in client.get(ADDRESS, DAY_LONG).json()["data"][:3]] == [5, 11, 12]


def test_a_year_of_prices_takes_few_queries(
    plant: uuid.UUID, client_for: ClientFor, admin: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(admin)
    prices = {"unit": "EUR/kWh", "values": hours(9_000, -0.5, first=DAY.replace(year=2024))}
    address = f"/api/plants/{PLANT}/series/price"

    with django_assert_max_num_queries(11):
        assert client.post(address, prices).json()["changed"] == 9_000
    with django_assert_max_num_queries(5):
        body = client.get(address, {"start": "2024-03-10T00:00:00Z", "end": "2025-03-20T00:00:00Z"}).json()

    assert sum(entry["value"] is not None for entry in body["data"]) == 9_000


def test_only_the_admin_writes_and_charlie_does_not_even_read(
    plant: uuid.UUID, client_for: ClientFor, alice: Caller, charlie: Caller, admin: Caller
) -> None:
    client_for(admin).post(ADDRESS, {"unit": "°C", "values": hours(1, 1)})

    assert client_for(alice).post(ADDRESS, {"unit": "°C", "values": hours(1, 1)}).status_code == 403
    assert client_for(alice).get(ADDRESS, DAY_LONG).status_code == 200
    assert client_for(alice).get(f"/api/plants/{PLANT}/series").json()["results"] == [
        {"name": "temperature", "unit": "°C"}
    ]
    for address in (ADDRESS, f"/api/plants/{PLANT}/series"):
        assert client_for(charlie).get(address, DAY_LONG).status_code == 404
    assert client_for(admin).get(f"/api/plants/{uuid.uuid4()}/series").status_code == 404
    assert client_for(admin).get(f"/api/plants/{PLANT}/series/price", DAY_LONG).status_code == 404
    assert client_for(None).get(ADDRESS, DAY_LONG).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"values": []},
        {"values": [{"start": "2026-03-10T00:30:00Z", "value": 1}]},
        {"values": [{"start": "2026-03-10", "value": 1}]},
        {"values": [{"start": "2026-03-10T00:00:00", "value": 1}]},
        {"values": [{"start": "2026-03-10T00:00:00Z", "value": None}]},
        {"values": [{"start": "2026-03-10T00:00:00Z", "value": "NaN"}]},
        {"values": hours(9_001, 1)},
        {"unit": ""},
        {"issued_at": "yesterday"},
    ],
)
def test_bad_values_are_refused(plant: uuid.UUID, client_for: ClientFor, admin: Caller, change: dict[str, Any]) -> None:
    answer = client_for(admin).post(ADDRESS, {"unit": "°C", "values": hours(1, 1), **change})

    assert answer.status_code == 400


def test_another_unit_is_refused_by_name(plant: uuid.UUID, client_for: ClientFor, admin: Caller) -> None:
    client = client_for(admin)
    client.post(ADDRESS, {"unit": "°C", "values": hours(1, 1)})

    answer = client.post(ADDRESS, {"unit": "K", "values": hours(1, 274)})

    assert (answer.status_code, "°C" in answer.json()["detail"]) == (409, True)
    assert (
        client.post(ADDRESS.replace("temperature", "Temp-1"), {"unit": "K", "values": hours(1, 1)}).status_code == 400
    )
