"""What Alice's energy costs and emits: by the minute of the plant's clock, the days of the tariff, and the hours of a series."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring_service.conftest import METER, device_event, ten_minutes
from monitoring_service.dashboard.queries import dashboard, view_of
from service_kit.auth import Caller
from service_kit.events import PlantCreated, TariffChange, TariffCreated, TariffRate, TariffUpdated

pytestmark = pytest.mark.django_db
DAY, NOW = datetime(2026, 3, 19, tzinfo=UTC), datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
PLANT, TARIFF = uuid.uuid4(), uuid.uuid4()
Deliver = Callable[..., None]


def tariff(kind: Any = TariffCreated, *, changes_at: int = 0, since: datetime | None = None, **fields: Any) -> Any:
    """0.20 until this minute of every day, 0.40 from it on, 0.50 a day."""
    week = [1, 2, 3, 4, 5, 6, 7]
    rates = [TariffRate(price_per_kwh=0.4, weekdays=week, from_minute=changes_at, to_minute=1440)]
    if changes_at:
        rates.append(TariffRate(price_per_kwh=0.2, weekdays=week, from_minute=0, to_minute=changes_at))
    return kind(
        id=TARIFF, name="By day", currency="EUR", valid_from=since, valid_to=fields.get("until"),
        standing_charge_per_day=0.5, feed_in_per_kwh=0, rates=rates,
    )  # fmt: skip


@pytest.fixture
def home(db: None, deliver: Deliver, send: Callable[..., Any], alice: Caller) -> uuid.UUID:
    """A home in Rome that took 0.6 kWh an hour on March 19 (UTC), and nothing else."""
    deliver(tariff())
    deliver(PlantCreated(id=PLANT, name="Home", timezone="Europe/Rome", tariff_id=TARIFF, co2_g_per_kwh=400))
    deliver(device_event(owners=[alice], plant_id=PLANT))
    send(ten_minutes(DAY, [0.1] * 144))
    return METER


def shown_to(caller: Caller, zone: str = "Europe/Rome") -> dict[str, Any]:
    return dashboard(view_of(caller, zone=ZoneInfo(zone), now=NOW))


def test_the_standing_charge_is_of_the_days_on_which_the_tariff_is_valid(
    home: uuid.UUID, deliver: Deliver, alice: Caller
) -> None:
    assert shown_to(alice)["cost"] == pytest.approx(14.4 * 0.4 + 30 * 0.5)

    deliver(tariff(TariffUpdated, since=datetime(2026, 3, 10, 23, tzinfo=UTC)), version=2)  # midnight in Rome
    assert shown_to(alice)["cost"] == pytest.approx(14.4 * 0.4 + 10 * 0.5)  # March 11 to 20

    deliver(tariff(TariffUpdated, until=datetime(2026, 3, 20, 12, tzinfo=UTC)), version=3)
    assert shown_to(alice)["cost"] == pytest.approx(14.4 * 0.4 + 30 * 0.5)


def test_energy_before_the_tariff_has_no_price_and_so_all_of_it_has_none(
    home: uuid.UUID, deliver: Deliver, alice: Caller
) -> None:
    deliver(tariff(TariffUpdated, since=DAY + timedelta(hours=1)), version=2)

    assert shown_to(alice)["cost"] is None


# 0.6 kWh an hour: from March 19, 01:00 in Rome to March 20, 01:00.
@pytest.mark.parametrize(
    ("changes_at", "cheap_hours"),
    [(7 * 60, 6 + 1), (7 * 60 + 15, 6.25 + 1), (30, 0.5), (23 * 60 + 45, 22.75 + 1)],
)
@pytest.mark.parametrize("zone", ["Europe/Rome", "Asia/Kolkata"])
def test_a_price_changes_at_its_minute_whichever_zone_is_looked_from(
    home: uuid.UUID, deliver: Deliver, alice: Caller, changes_at: int, cheap_hours: float, zone: str
) -> None:
    deliver(tariff(TariffUpdated, changes_at=changes_at), version=2)

    assert shown_to(alice, zone)["cost"] == pytest.approx(
        0.6 * (cheap_hours * 0.2 + (24 - cheap_hours) * 0.4) + 30 * 0.5
    )


@pytest.mark.parametrize("zone", ["Europe/Rome", "Asia/Kolkata"])
def test_co2_is_by_the_series_where_it_covers_the_hour_and_else_by_the_factor(
    home: uuid.UUID, client_for: Callable[..., Any], alice: Caller, admin: Caller, zone: str
) -> None:
    assert shown_to(alice, zone)["co2_kg"] == pytest.approx(14.4 * 0.4)
    before = client_for(alice).get("/api/monitoring/dashboard")["ETag"]
    hours = [{"start": (DAY + timedelta(hours=n)).isoformat(), "value": 100 * n} for n in (2, 3)]

    address = f"/api/plants/{PLANT}/series/co2"
    assert client_for(admin).post(address, {"unit": "g/kWh", "values": hours}).status_code == 200

    assert shown_to(alice, zone)["co2_kg"] == pytest.approx(0.6 * (22 * 0.4 + 0.2 + 0.3))
    assert client_for(alice).get("/api/monitoring/dashboard")["ETag"] != before


def test_co2_is_not_known_where_neither_tells_of_an_hour(
    home: uuid.UUID, deliver: Deliver, client_for: Callable[..., Any], alice: Caller, admin: Caller
) -> None:
    deliver(PlantCreated(id=PLANT, name="Home", timezone="Europe/Rome", tariff_id=TARIFF), version=2)
    assert shown_to(alice)["co2_kg"] is None
    hours = [{"start": (DAY + timedelta(hours=n)).isoformat(), "value": 100} for n in range(24)]
    address = f"/api/plants/{PLANT}/series/co2"

    client_for(admin).post(address, {"unit": "g/kWh", "values": hours[:23]})
    assert shown_to(alice)["co2_kg"] is None
    client_for(admin).post(address, {"unit": "g/kWh", "values": hours[23:]})
    assert shown_to(alice)["co2_kg"] == pytest.approx(1.44)


NEW = uuid.uuid4()


def moved(deliver: Deliver, at: datetime, *, until: datetime | None = None, currency: str = "EUR") -> None:
    """From `at` on the home pays 0.10 at any time, 2 a day, and is paid 0.05; after `until` as before."""
    rate = TariffRate(price_per_kwh=0.1, weekdays=[1, 2, 3, 4, 5, 6, 7], from_minute=0, to_minute=1440)
    deliver(
        TariffCreated(
            id=NEW, name="New", currency=currency, valid_from=None, valid_to=None, standing_charge_per_day=2,
            feed_in_per_kwh=0.05, rates=[rate],
        )
    )  # fmt: skip
    changes = [TariffChange(at=at, tariff_id=NEW)]
    if until is not None:
        changes.insert(0, TariffChange(at=until, tariff_id=TARIFF))
    home: dict[str, Any] = {
        "id": PLANT,
        "name": "Home",
        "timezone": "Europe/Rome",
        "tariff_id": TARIFF,
        "co2_g_per_kwh": 400,
    }
    deliver(PlantCreated(**home, tariff_changes=changes), version=2)


# February 19 to March 20: 30 days, of which those count that have begun in Rome. 0.6 kWh an hour from March 19, 01:00 in Rome on.
@pytest.mark.parametrize(
    ("after", "hours_before", "days_before"),
    [
        (timedelta(hours=12), 12, 29),
        (timedelta(hours=12, minutes=15), 12.25, 29),
        (timedelta(hours=-1), 0, 28),
        (timedelta(days=-200), 0, 0),
        (timedelta(days=200), 24, 30),
    ],
)
@pytest.mark.parametrize("zone", ["Europe/Rome", "Asia/Kolkata"])
def test_energy_costs_what_was_valid_at_its_hour(
    home: uuid.UUID, deliver: Deliver, alice: Caller, after: timedelta, hours_before: float, days_before: int, zone: str
) -> None:
    moved(deliver, DAY + after)

    energy = 0.6 * (hours_before * 0.4 + (24 - hours_before) * 0.1)
    assert shown_to(alice, zone)["cost"] == pytest.approx(energy + days_before * 0.5 + (30 - days_before) * 2)


def test_a_home_may_return_to_a_tariff_and_is_paid_what_was_valid(
    home: uuid.UUID, deliver: Deliver, send: Callable[..., Any], alice: Caller
) -> None:
    roof = uuid.uuid4()
    deliver(device_event(roof, owners=[alice], plant_id=PLANT, name="Roof", kind="grid_export"))
    send(ten_minutes(DAY, [0.2] * 144, roof))

    moved(deliver, DAY + timedelta(hours=6), until=DAY + timedelta(hours=10))

    # Bought 0.6 kWh and sent out 1.2 in each hour; the new tariff paid for four of them, and began no day.
    assert shown_to(alice)["cost"] == pytest.approx(0.6 * (20 * 0.4 + 4 * 0.1) + 30 * 0.5 - 4 * 1.2 * 0.05)


def test_two_currencies_have_no_sum_while_both_are_in_use(home: uuid.UUID, deliver: Deliver, alice: Caller) -> None:
    moved(deliver, DAY + timedelta(hours=12), currency="CHF")
    assert (shown_to(alice)["cost"], shown_to(alice)["currency"]) == (None, None)

    deliver(
        PlantCreated(
            id=PLANT, name="Home", timezone="Europe/Rome", tariff_id=NEW,
            tariff_changes=[TariffChange(at=DAY - timedelta(days=100), tariff_id=TARIFF)],
        ),
        version=3,
    )  # fmt: skip
    assert shown_to(alice)["currency"] == "EUR"
