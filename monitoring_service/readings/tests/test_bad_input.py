"""Everything that can be wrong with a reading, through the real queue: each ends in its place with a reason, its neighbours are kept."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, device_event, eventually, reading
from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.models import HeldReading, Reading
from monitoring_service.readings.tests.consumers import Meters, dead_letters, ingesting, left_in
from monitoring_service.readings.tests.test_decoding import BAD_BODIES, BAD_READINGS
from service_kit.events import DeviceDeleted

pytestmark = pytest.mark.django_db(transaction=True)
GONE, POWER, UNKNOWN = (uuid.UUID(int=n) for n in (7, 8, 9))
# What only the device can tell.
BAD_FOR_THE_DEVICE = {
    "negative energy": (reading(DAY, -0.1), "interval_kwh -0.1 is negative"),
    "power for energy": ({"timestamp": DAY.isoformat(), "device_id": str(METER), "power": 5}, "send measurement_value"),
    "negative power": (
        {"timestamp": DAY.isoformat(), "device_id": str(POWER), "power": -5},
        "which only a grid_import device may send",
    ),
    "deleted device": (reading(DAY, 1, GONE), f"device {GONE} was deleted"),
}


def test_each_kind_ends_in_its_place(deliver: Callable[..., None], meters: Meters, operator: Any) -> None:
    deliver(device_event())
    deliver(device_event(POWER, reading="power_w"))
    deliver(device_event(GONE))
    deliver(DeviceDeleted(id=GONE), version=2)
    ahead = reading(datetime.now(UTC) + timedelta(hours=25), 1)
    # The decoder's own tests have another now.
    in_lists = BAD_READINGS | BAD_FOR_THE_DEVICE | {"more than a day ahead": (ahead, "24 h ahead")}
    bodies = BAD_BODIES | {"ten megabytes": (b"[" + b" " * (10 << 20) + b"]", "send smaller arrays")}
    assert len(in_lists) + len(bodies) >= 40

    def neighbour(number: int) -> dict[str, Any]:
        return reading(DAY - timedelta(minutes=10 * number), 0.1)

    for number, (bad, _) in enumerate(in_lists.values()):
        meters.send([neighbour(2 * number), bad, neighbour(2 * number + 1)])
    for body, _ in bodies.values():
        meters.send(body)
    meters.send(reading(DAY, 1, UNKNOWN))
    with ingesting():
        eventually("all are taken", lambda: left_in(operator, QUEUE) == 0, seconds=90)
        expected = len(in_lists) + len(bodies)
        eventually("all bad ones are parked", lambda: left_in(operator, DEAD_LETTERS) == expected, seconds=90)

    assert Reading.objects.count() == 2 * len(in_lists)
    assert HeldReading.objects.values_list("device_id", flat=True).get() == UNKNOWN
    parked = dead_letters(operator)
    missing = [
        name for name, (_, says) in {**in_lists, **bodies}.items() if not any(says in reason for _, reason in parked)
    ]
    assert missing == []
    assert all(reason for _, reason in parked)
    assert json.loads(next(body for body, reason in parked if "was deleted" in reason))["device_id"] == str(GONE)
