"""Devices, plants and hours as their owners tell of them: by event."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from service_kit.auth import Caller
from service_kit.events import (
    Assignment,
    ConsumptionHourly,
    DeviceCreated,
    DeviceDeleted,
    DeviceUpdated,
    HourState,
    PlantCreated,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def device(deliver: Callable[..., None]) -> Callable[..., uuid.UUID]:
    """`device(alice, bob, kind="production")`: a meter assigned to Alice and Bob."""

    def make(*owners: Caller, version: int = 1, id: uuid.UUID | None = None, **fields: Any) -> uuid.UUID:
        state = DeviceCreated if version == 1 else DeviceUpdated
        key = id or uuid.uuid4()
        given = {
            "name": "Home",
            "kind": "consumption",
            "assignments": [Assignment(user_id=one.id) for one in owners],
            **fields,
        }
        deliver(state(id=key, reading="interval_kwh", interval_seconds=600, **given), version=version)
        return key

    return make


@pytest.fixture
def delete_device(deliver: Callable[..., None]) -> Callable[..., None]:
    def tell(device_id: uuid.UUID, *, version: int) -> None:
        deliver(DeviceDeleted(id=device_id), version=version)

    return tell


@pytest.fixture
def plant(deliver: Callable[..., None]) -> Callable[..., uuid.UUID]:
    def make(timezone: str = "Europe/Rome") -> uuid.UUID:
        key = uuid.uuid4()
        deliver(PlantCreated(id=key, name="House", timezone=timezone))
        return key

    return make


@pytest.fixture
def hours(deliver: Callable[..., None]) -> Callable[..., None]:
    """`hours(device_id, [0.2, None], until=...)`: complete hours, one a value, the last of them ending at `until`."""

    def tell(device_id: uuid.UUID, values: Any, *, until: datetime = NOON, version: int = 1, **fields: Any) -> None:
        start = until - timedelta(hours=len(values))
        states = []
        for number, value in enumerate(values):
            known = value is not None and not np.isnan(value)
            given = {
                "kwh": float(value) if known else None,
                "readings": 6 if known else 0,
                "expected": 6,
                "quality": "measured" if known else "missing",
                "version": version,
                **fields,
            }
            states.append(HourState(device_id=device_id, start=start + timedelta(hours=number), **given))
        deliver(ConsumptionHourly(hours=states))

    return tell


@pytest.fixture
def habit() -> Callable[..., list[float]]:
    """`habit(days)`: the hours of somebody with an evening peak, ending at NOON; the same each time."""

    def make(days: float = 28, level: float = 1.0) -> list[float]:
        count = int(days * 24)
        hour = (np.arange(count) - count + 12) % 24
        random = np.random.default_rng(5)
        shape = 0.3 + 2 * np.exp(-((hour - 19.0) ** 2) / 6)
        return list(level * shape * random.lognormal(0, 0.2, count))

    return make
