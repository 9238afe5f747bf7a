"""An alert says what it is about in money too, where the energy is bought and its hours have a price."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.alerts.thresholds import follow_thresholds
from monitoring_service.conftest import METER, device_event, ten_minutes
from service_kit.auth import Caller
from service_kit.events import PlantCreated, TariffChange, TariffCreated, TariffRate

Deliver = Callable[..., None]
PLANT = uuid.uuid4()


def tariff(price: float, currency: str = "EUR") -> TariffCreated:
    rate = TariffRate(price_per_kwh=price, weekdays=[1, 2, 3, 4, 5, 6, 7], from_minute=0, to_minute=1440)
    return TariffCreated(
        id=uuid.uuid4(), name="Flat", currency=currency, valid_from=None, valid_to=None, standing_charge_per_day=1,
        feed_in_per_kwh=0.08, rates=[rate],
    )  # fmt: skip


@pytest.fixture
def start() -> datetime:
    """Of two hours that are complete."""
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)


@pytest.mark.parametrize(
    ("kind", "second", "actual", "expected", "currency"),
    [
        ("consumption", "EUR", 3.6 * 0.3, 2 * 0.3, "EUR"),  # 0.2 in the first hour, 0.4 in the second
        ("grid_import", "EUR", 3.6 * 0.3, 2 * 0.3, "EUR"),
        ("production", "EUR", None, None, None),
        ("consumption", "CHF", None, None, None),
    ],
)
def test_at_the_mean_price_of_its_hours(
    db: None, deliver: Deliver, send: Callable[..., Any], client_for: Callable[..., Any], alice: Caller, start: datetime,
    kind: str, second: str, actual: float | None, expected: float | None, currency: str | None,
) -> None:  # fmt: skip
    old, new = tariff(0.2), tariff(0.4, second)
    deliver(old)
    deliver(new)
    changes = [TariffChange(at=start + timedelta(hours=1), tariff_id=new.id)]
    deliver(PlantCreated(id=PLANT, name="Home", timezone="UTC", tariff_id=old.id, tariff_changes=changes))
    deliver(device_event(METER, owners=[alice], plant_id=PLANT, kind=kind, max_consumption=1))
    send(ten_minutes(start, [0.3] * 12))

    assert follow_thresholds() == 1

    (alert,) = client_for(alice).get("/api/alerts").json()["results"]
    assert (alert["actual_kwh"], alert["expected_kwh"]) == (pytest.approx(3.6), 2)
    told = (alert["actual_cost"], alert["expected_cost"], alert["currency"])
    assert told == ((pytest.approx(actual), pytest.approx(expected), currency) if actual else (None, None, None))


def test_without_a_tariff_there_is_none(
    db: None, deliver: Deliver, send: Callable[..., Any], client_for: Callable[..., Any], alice: Caller, start: datetime
) -> None:
    deliver(device_event(METER, owners=[alice], max_consumption=1))
    send(ten_minutes(start, [0.3] * 12))

    assert follow_thresholds() == 1

    (alert,) = client_for(alice).get("/api/alerts").json()["results"]
    assert (alert["actual_cost"], alert["expected_cost"], alert["currency"]) == (None, None, None)
