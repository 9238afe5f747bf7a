"""Alice's home in Rome through March 2026: 0.6 kWh an hour, at prices that change on the 15th."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from monitoring_service.conftest import METER, device_event, ten_minutes
from service_kit.auth import Caller
from service_kit.events import Assignment, PlantCreated, TariffChange, TariffCreated, TariffRate

PLANT, OLD, NEW = (uuid.uuid5(uuid.NAMESPACE_DNS, name) for name in ("home", "old", "new"))
MARCH = datetime(2026, 2, 28, 23, tzinfo=UTC)  # its first instant in Rome; on the 29th the clock skips an hour
HOURS = 31 * 24 - 1
CHANGE = datetime(2026, 3, 14, 23, tzinfo=UTC)


def tariff(tariff_id: uuid.UUID, name: str, price: float, per_day: float) -> TariffCreated:
    rate = TariffRate(price_per_kwh=price, weekdays=[1, 2, 3, 4, 5, 6, 7], from_minute=0, to_minute=1440)
    return TariffCreated(
        id=tariff_id, name=name, currency="EUR", valid_from=None, valid_to=None, standing_charge_per_day=per_day,
        feed_in_per_kwh=0.08, rates=[rate],
    )  # fmt: skip


@pytest.fixture
def home(
    db: None, deliver: Callable[..., None], send: Callable[..., Any], tell_of: Callable[..., None], alice: Caller,
    bob: Caller, charlie: Caller, admin: Caller,
) -> uuid.UUID:  # fmt: skip
    """Bob moved in on the 31st (UTC)."""
    tell_of(alice, bob, charlie, admin)
    deliver(tariff(OLD, "Old", 0.4, 0.5))
    deliver(tariff(NEW, "New", 0.1, 1))
    deliver(
        PlantCreated(
            id=PLANT, name="Casa Nuvolì", timezone="Europe/Rome", tariff_id=OLD, co2_g_per_kwh=400,
            tariff_changes=[TariffChange(at=CHANGE, tariff_id=NEW)],
        )
    )  # fmt: skip
    bobs = Assignment(user_id=bob.id, from_=datetime(2026, 3, 31, tzinfo=UTC))
    deliver(device_event(owners=[Assignment(user_id=alice.id), bobs], plant_id=PLANT))
    readings = ten_minutes(MARCH, [0.1] * 6 * HOURS)
    send(*(readings[n : n + 1000] for n in range(0, len(readings), 1000)))
    return METER
