"""A meter is replaced, or what is known of it changes: its hours follow, whenever the readings came."""

import itertools
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from monitoring_service.conftest import (
    DAY,
    METER,
    TEN_MINUTES,
    device_event,
    eventually,
    reading,
    somebody_waits_for_a_lock,
    ten_minutes,
)
from monitoring_service.hours.energy import Quality
from monitoring_service.hours.models import RecomputeRequest
from monitoring_service.readings.recompute import recompute_once
from service_kit.events import MeterChange

pytestmark = pytest.mark.django_db
Deliver = Callable[..., None]
Hours = Callable[..., Any]
Send = Callable[..., Any]
REPLACED = MeterChange(at=DAY + timedelta(minutes=35), final_register=103.7, first_register=5.0)
# Ten minutes apart: the old meter counts 1 kWh in each, the new one 0.6.
COUNTS = [(0, 100.0), (1, 101), (2, 102), (3, 103), (4, 5.3), (5, 5.9), (6, 6.5), (7, 7.1)]


def counter(**fields: Any) -> Any:
    return device_event(reading="register_kwh", **fields)


def counts(which: list[tuple[int, float]] = COUNTS) -> list[dict[str, Any]]:
    return [reading(DAY + TEN_MINUTES * n, value) for n, value in which]


def settle() -> None:
    while recompute_once():
        pass


def kwh(hours: Any) -> dict[datetime, float]:
    return {start: hour.kwh for start, hour in hours().items() if hour.kwh is not None}


def test_a_replaced_meter_counts_both_parts(deliver: Deliver, send: Send, hours: Hours) -> None:
    deliver(counter(meter_changes=[REPLACED]))

    send(counts())

    first = hours()[DAY]
    assert first.kwh == pytest.approx(3.7 + 1.5)
    assert (first.quality, first.readings) == (Quality.MEASURED, 6)
    assert hours()[DAY + timedelta(hours=1)].kwh == pytest.approx(0.6)


def test_it_is_the_same_when_the_change_is_noted_afterwards(deliver: Deliver, send: Send, hours: Hours) -> None:
    deliver(counter())
    send(counts())
    assert hours()[DAY].quality == Quality.RESET

    deliver(counter(meter_changes=[REPLACED]), version=2)
    settle()

    assert kwh(hours) == {DAY: pytest.approx(5.2), DAY + timedelta(hours=1): pytest.approx(0.6)}
    assert hours()[DAY].quality in (Quality.MEASURED, Quality.LATE)


def test_any_order_gives_the_same(deliver: Deliver, send: Send, hours: Hours) -> None:
    some = counts([COUNTS[0], COUNTS[3], COUNTS[4], COUNTS[7]])
    for n, order in enumerate(itertools.permutations(some)):
        device_id = uuid.UUID(int=n + 1)
        deliver(device_event(device_id, reading="register_kwh", meter_changes=[REPLACED]))
        for row in order:
            send({**row, "device_id": str(device_id)})
        found = hours(device_id)
        assert sum(hour.kwh for hour in found.values() if hour.kwh is not None) == pytest.approx(3.7 + 2.1), order


def test_a_reading_at_the_very_instant_of_the_change_adds_nothing(deliver: Deliver, send: Send, hours: Hours) -> None:
    for n, value in enumerate((103.7, 5.0, 103.2)):
        device_id = uuid.UUID(int=n + 1)
        deliver(device_event(device_id, reading="register_kwh", meter_changes=[REPLACED]))
        send(*[{**row, "device_id": str(device_id)} for row in counts()], reading(REPLACED.at, value, device_id))
        assert hours(device_id)[DAY].kwh == pytest.approx(5.2), value


def test_a_change_that_is_noted_before_any_reading_begins_the_count(deliver: Deliver, send: Send, hours: Hours) -> None:
    deliver(counter(meter_changes=[REPLACED]))

    send(counts(COUNTS[4:]))

    assert hours()[DAY].kwh == pytest.approx(1.5)


def test_a_meter_whose_end_was_noted_too_low_costs_nothing_else(deliver: Deliver, send: Send, hours: Hours) -> None:
    deliver(counter(meter_changes=[MeterChange(at=REPLACED.at, final_register=50, first_register=5)]))

    send(counts())

    assert hours()[DAY].kwh == pytest.approx(3 + 1.5)


def test_another_interval_is_another_expectation(meter: uuid.UUID, deliver: Deliver, send: Send, hours: Hours) -> None:
    send(ten_minutes(DAY, [0.1] * 6))
    assert (hours()[DAY].expected, hours()[DAY].quality) == (6, Quality.MEASURED)

    deliver(device_event(interval_seconds=300), version=2)
    settle()

    assert (hours()[DAY].expected, hours()[DAY].quality) == (12, Quality.PARTIAL)
    assert hours()[DAY].kwh == pytest.approx(0.6)


def test_another_kind_of_reading_is_another_energy_and_what_it_has_none_for_is_missing(
    meter: uuid.UUID, deliver: Deliver, send: Send, hours: Hours
) -> None:
    send(ten_minutes(DAY - TEN_MINUTES, [600.0] * 7))
    before = set(hours())

    deliver(device_event(reading="power_w"), version=2)
    settle()

    assert hours()[DAY].kwh == pytest.approx(0.6)
    assert set(hours()) == before
    assert hours()[DAY - timedelta(hours=1)].kwh is None


def test_a_rated_power_that_becomes_known_takes_out_what_cannot_be(
    meter: uuid.UUID, deliver: Deliver, send: Send, hours: Hours
) -> None:
    send(ten_minutes(DAY, [0.5, 80]), ten_minutes(DAY + timedelta(days=200), [90]))

    deliver(device_event(rated_power_w=3000), version=2)
    settle()

    assert kwh(hours) == {DAY: pytest.approx(0.5)}


def test_other_changes_compute_nothing(meter: uuid.UUID, deliver: Deliver, send: Send) -> None:
    send(ten_minutes(DAY, [0.1]))

    deliver(device_event(name="Hall", max_consumption=2, interval_seconds=600), version=2)

    assert not RecomputeRequest.objects.exists()
    assert recompute_once() == 0


@pytest.mark.django_db(transaction=True)
def test_readings_on_their_way_while_the_device_changes_are_computed_as_it_is_then(
    deliver: Deliver, send: Send, hours: Hours
) -> None:
    """Given a batch that has read the device and waits, when the device changes, then its hours are those of the new device."""
    deliver(device_event())
    send(ten_minutes(DAY, [600.0]))
    done: list[Any] = []

    def store() -> None:
        done.append(send(ten_minutes(DAY, [600.0] * 12)))
        connection.close()

    with transaction.atomic():
        deliver(device_event(reading="power_w"), version=2)
        writer = threading.Thread(target=store)
        writer.start()
        eventually("the batch waits for the change", lambda: somebody_waits_for_a_lock() or done)
        assert not done
    writer.join(timeout=30)

    assert hours()[DAY + timedelta(hours=1)].kwh == pytest.approx(0.6)
    settle()
    assert hours()[DAY].kwh == pytest.approx(0.5)


def test_a_deleted_devices_request_is_let_go(meter: uuid.UUID, send: Send) -> None:
    RecomputeRequest.objects.create(device_id=uuid.uuid4(), since=DAY)
    assert recompute_once() == 1
    assert recompute_once() == 0
    assert meter == METER
