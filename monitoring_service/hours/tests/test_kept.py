"""What is kept of single devices is what their stored hours say, whatever happens to them meanwhile."""

import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from monitoring_service.devices.selection import Chosen, choose
from monitoring_service.hours import kept
from monitoring_service.hours.calendar import Resolution
from monitoring_service.hours.energy import HOUR, SECOND, Floats
from monitoring_service.hours.kept import energy_of_each, forget_all
from service_kit.auth import Caller
from service_kit.events import Assignment

UTC_ZONE = ZoneInfo("UTC")
BEGIN = round(DAY.timestamp()) * SECOND
FRIDGE = uuid.UUID("22222222-2222-4222-8222-222222222222")
Send = Callable[..., Any]
Deliver = Callable[..., None]


def energy(devices: Sequence[Chosen], resolution: Resolution = "hour") -> list[Floats]:
    found = energy_of_each(devices, BEGIN, BEGIN + 24 * HOUR, UTC_ZONE, resolution)
    return [found[device] for device in devices]


@pytest.fixture
def two_meters(db: None, deliver: Deliver, send: Send, alice: Caller) -> None:
    """Alice's kitchen and fridge, with 0.6 and 1.2 kWh an hour since midnight."""
    deliver(device_event(owners=[alice]))
    deliver(device_event(FRIDGE, owners=[alice], name="Fridge"))
    send(ten_minutes(DAY, [0.1] * 60), ten_minutes(DAY, [0.2] * 60, FRIDGE))


def test_only_the_device_that_changed_is_read_again(
    two_meters: None, send: Send, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[uuid.UUID] = []
    before = kept.sums

    def noted(groups: Any, *args: Any, **options: Any) -> Any:
        read.extend(device.id for group in groups for device in group)
        return before(groups, *args, **options)

    monkeypatch.setattr(kept, "sums", noted)
    energy(choose(alice))
    send(ten_minutes(DAY + timedelta(hours=10), [0.1] * 6))
    read.clear()

    fridge, kitchen = energy(choose(alice))

    assert read == [METER]
    assert kitchen[:12].tolist() == pytest.approx([0.6] * 11 + [np.nan], nan_ok=True)
    assert fridge[:12].tolist() == pytest.approx([1.2] * 10 + [np.nan] * 2, nan_ok=True)


def test_who_may_see_less_is_not_told_what_was_kept_for_another(
    two_meters: None, deliver: Deliver, alice: Caller, bob: Caller, admin: Caller
) -> None:
    energy(choose(alice))
    shared = Assignment(user_id=bob.id, from_=DAY + timedelta(hours=3), to=DAY + timedelta(hours=5))
    deliver(device_event(owners=[alice, shared]), version=2)

    (seen,) = energy(choose(bob))

    assert np.flatnonzero(~np.isnan(seen)).tolist() == [3, 4]
    assert np.flatnonzero(~np.isnan(energy(choose(admin, device_ids=[METER]))[0])).tolist() == list(range(10))


def test_no_more_is_kept_than_there_is_room_for(
    two_meters: None, alice: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    devices = choose(alice)
    monkeypatch.setattr(kept, "KEPT_BYTES", 24 * 8)  # one day of one device

    first, second = energy(devices), energy(devices)

    np.testing.assert_array_equal(first, second)
    assert len(kept._kept) == 1


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sent=st.lists(
        st.tuples(st.sampled_from([METER, FRIDGE]), st.integers(0, 130), st.floats(0, 5, width=32)), max_size=6
    )
)
def test_what_is_kept_is_what_is_stored(
    two_meters: None, send: Send, alice: Caller, sent: list[tuple[uuid.UUID, int, float]]
) -> None:
    for device, place, value in sent:
        send(ten_minutes(datetime.fromtimestamp(BEGIN / SECOND, UTC) + timedelta(minutes=10 * place), [value], device))
        devices = choose(alice)
        looked_at = energy(devices), energy(devices, "quarter")
        forget_all()
        np.testing.assert_array_equal(looked_at[0], energy(devices))
        np.testing.assert_array_equal(looked_at[1], energy(devices, "quarter"))
