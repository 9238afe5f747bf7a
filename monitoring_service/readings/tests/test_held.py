"""Readings of a device that is not known yet wait for it."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, TEN_MINUTES, device_event, reading, ten_minutes
from monitoring_service.readings.held import held_to_return
from monitoring_service.readings.models import HeldReading
from monitoring_service.readings.services import HELD_PER_DEVICE

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


def test_held_readings_are_taken_in_when_the_device_arrives(
    send: Send, deliver: Callable[..., None], hours: Callable[..., Any]
) -> None:
    stored = send(ten_minutes(DAY, [0.1] * 6))
    assert (stored.accepted, stored.held, stored.refusals) == (6, 6, [])
    assert hours() == {}

    deliver(device_event())

    assert hours()[DAY].kwh == pytest.approx(0.6)
    assert not HeldReading.objects.exists()


def test_neighbours_of_an_unknown_device_are_stored(meter: uuid.UUID, send: Send, hours: Callable[..., Any]) -> None:
    send(ten_minutes(DAY, [0.1] * 6), reading(DAY, 1, uuid.uuid4()))

    assert hours()[DAY].kwh == pytest.approx(0.6)
    assert HeldReading.objects.count() == 1


def test_at_most_a_thousand_are_held_for_a_device(send: Send) -> None:
    send(*ten_minutes(DAY, [0.1] * (HELD_PER_DEVICE - 1)))

    stored = send(reading(DAY, 0.1), reading(DAY - TEN_MINUTES, 0.1))

    assert HeldReading.objects.count() == HELD_PER_DEVICE
    assert [str(METER) in refusal.reason for refusal in stored.refusals] == [True]


def test_after_a_day_they_are_given_back(send: Send) -> None:
    send(reading(DAY, 0.1), reading(DAY + TEN_MINUTES, 0.2))
    assert held_to_return() == []
    old = HeldReading.objects.order_by("id").first()
    assert old is not None
    HeldReading.objects.filter(pk=old.pk).update(received_at=datetime.now(UTC) - timedelta(hours=25))

    assert [row.pk for row in held_to_return()] == [old.pk]


def test_what_the_device_turns_out_not_to_send_is_given_back(send: Send, deliver: Callable[..., None]) -> None:
    send({"timestamp": DAY.isoformat(), "device_id": str(METER), "power": 500}, reading(DAY, 0.1))

    deliver(device_event())

    (returned,) = held_to_return()
    assert "send measurement_value" in (returned.refusal or "")
