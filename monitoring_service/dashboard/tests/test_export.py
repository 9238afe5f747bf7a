"""A meter of signed power at the grid: what it sends out is the plant's export, on every way out."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import METER, device_event, ten_minutes
from monitoring_service.dashboard.queries import dashboard, view_of
from service_kit.auth import Caller
from service_kit.events import Assignment, PlantCreated, TariffCreated, TariffRate

pytestmark = pytest.mark.django_db
DAY, NOW = datetime(2026, 3, 19, tzinfo=UTC), datetime(2026, 3, 20, tzinfo=UTC)
PLANT, TARIFF, ROOF, METER_OF_EXPORT, SUB_METER = (uuid.UUID(int=n) for n in range(1, 6))
SPAN = {"plant_id": PLANT, "start": "2026-03-19", "end": "2026-03-20"}
RANGE = "/api/monitoring/hourly/range"
Deliver = Callable[..., None]
Send = Callable[..., Any]
ClientFor = Callable[[Caller | None], Any]


def watts(device: uuid.UUID, first_half: int, second_half: int) -> dict[str, Any]:
    """Power every ten minutes of the day."""
    return {
        "device_id": str(device),
        "readings": [
            [(DAY + n * timedelta(minutes=10)).isoformat(), first_half if n <= 72 else second_half] for n in range(145)
        ],
    }


@pytest.fixture
def home(db: None, deliver: Deliver, send: Send, alice: Caller) -> uuid.UUID:
    """At the grid 1,000 W in till noon, then 600 W out (ten minutes between the two); a roof that makes 10 kWh in the afternoon."""
    rate = TariffRate(price_per_kwh=0.3, weekdays=[1, 2, 3, 4, 5, 6, 7], from_minute=0, to_minute=1440)
    deliver(
        TariffCreated(
            id=TARIFF, name="Flat", currency="EUR", valid_from=None, valid_to=None, standing_charge_per_day=0,
            feed_in_per_kwh=0.08, rates=[rate],
        )
    )  # fmt: skip
    deliver(PlantCreated(id=PLANT, name="Home", timezone="UTC", tariff_id=TARIFF, co2_g_per_kwh=400))
    deliver(device_event(owners=[alice], kind="grid_import", reading="power_w", plant_id=PLANT, name="Grid"))
    deliver(device_event(ROOF, owners=[alice], kind="production", plant_id=PLANT, name="Roof"))
    for message in watts(METER, 1000, -600), ten_minutes(DAY + timedelta(hours=12), [10 / 72] * 72, ROOF):
        send(message)
    return METER


# From 1,000 W to -600 W in ten minutes: 1,000 / 1,600 of them are import, as a triangle, and the rest is export.
IMPORTED = 12 * 1.0 + 0.5 * 1.0 * (10 / 60) * (1000 / 1600)
EXPORTED = 0.5 * 0.6 * (10 / 60) * (600 / 1600) + 0.6 * (12 - 10 / 60)


def totals(body: dict[str, Any]) -> dict[str, Any]:
    return {kind: found["total_kwh"] for kind, found in body["by_kind"].items()}


@pytest.mark.parametrize("resolution", ["hour", "day"])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_a_range_tells_it_by_kind(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, resolution: str, zone: str
) -> None:
    asked = {**SPAN, "start": DAY.isoformat(), "end": NOW.isoformat(), "resolution": resolution, "timezone": zone}
    body = client_for(alice).get(RANGE, asked).json()

    assert totals(body) == {
        "grid_import": pytest.approx(IMPORTED), "grid_export": pytest.approx(EXPORTED), "production": pytest.approx(10),
    }  # fmt: skip
    assert body["by_kind"]["grid_export"]["device_ids"] == [str(METER)]
    assert body["by_kind"]["grid_export"]["completeness"] == pytest.approx(1)


def test_money_co2_and_the_balance_follow(home: uuid.UUID, alice: Caller) -> None:
    shown = dashboard(view_of(alice, zone=None, now=NOW))

    assert shown["cost"] == pytest.approx(IMPORTED * 0.3 - EXPORTED * 0.08)
    assert shown["co2_kg"] == pytest.approx(IMPORTED * 0.4)
    assert shown["self_consumption"] == pytest.approx((10 - EXPORTED) / 10)
    assert shown["autarky"] == pytest.approx((10 - EXPORTED) / (10 - EXPORTED + IMPORTED))
    assert shown["total_production"] == pytest.approx(10)


def test_it_is_not_counted_again_by_meters_below_it(
    home: uuid.UUID, deliver: Deliver, send: Send, client_for: ClientFor, alice: Caller
) -> None:
    deliver(device_event(METER_OF_EXPORT, owners=[alice], kind="grid_export", plant_id=PLANT, parent_id=METER))
    deliver(
        device_event(SUB_METER, owners=[alice], kind="grid_import", reading="power_w", plant_id=PLANT, parent_id=METER)
    )
    send(ten_minutes(DAY, [0.1] * 6, METER_OF_EXPORT), watts(SUB_METER, 100, -100))

    shown = totals(client_for(alice).get(RANGE, SPAN).json())

    assert (shown["grid_import"], shown["grid_export"]) == (pytest.approx(IMPORTED), pytest.approx(EXPORTED))


def test_a_meter_of_export_beside_it_is_added(
    home: uuid.UUID, deliver: Deliver, send: Send, client_for: ClientFor, alice: Caller
) -> None:
    deliver(device_event(METER_OF_EXPORT, owners=[alice], kind="grid_export", plant_id=PLANT))
    send(ten_minutes(DAY, [0.1] * 6, METER_OF_EXPORT))

    assert totals(client_for(alice).get(RANGE, SPAN).json())["grid_export"] == pytest.approx(EXPORTED + 0.6)


def test_bob_gets_what_was_sent_out_in_his_period(
    home: uuid.UUID, deliver: Deliver, client_for: ClientFor, alice: Caller, bob: Caller
) -> None:
    evening = Assignment(user_id=bob.id, from_=DAY + timedelta(hours=20, minutes=15), to=None)
    deliver(
        device_event(owners=[alice, evening], kind="grid_import", reading="power_w", plant_id=PLANT), version=2
    )  # fmt: skip

    shown = totals(client_for(bob).get(RANGE, SPAN).json())

    assert shown == {"grid_import": pytest.approx(0), "grid_export": pytest.approx(3.75 * 0.6)}
