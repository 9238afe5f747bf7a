"""A device above its limit is one alert for as long as that lasts; it waits for whole hours and follows corrections."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring_service.alerts.models import Alert
from monitoring_service.alerts.thresholds import CLEARS_BELOW, HOUR, High, excesses, follow_thresholds
from monitoring_service.conftest import METER, device_event, reading, ten_minutes
from service_kit.auth import Caller

START = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)
Send = Callable[..., Any]


@pytest.fixture
def limited(db: None, deliver: Callable[..., None], alice: Caller) -> None:
    """Alice's meter, which should take no more than 1 kWh in an hour."""
    deliver(device_event(owners=[alice], max_consumption=1.0))


def hour(number: int, kwh: float) -> list[dict[str, Any]]:
    return ten_minutes(START + number * HOUR, [kwh / 6] * 6)


def follow() -> list[tuple[int, float, str]]:
    """How many hours, how much and what state, of each alert after a look."""
    follow_thresholds()
    alerts = Alert.objects.filter(type="threshold").order_by("start")
    return [(round((a.end - a.start) / HOUR), round(a.actual_kwh or 0, 6), a.state) for a in alerts if a.end]


def test_it_begins_above_the_limit_and_ends_below_nine_tenths_of_it(limited: None, send: Send) -> None:
    send(hour(0, 0.95))
    assert follow() == []
    send(hour(1, 1.2))
    assert follow() == [(1, 1.2, "open")]
    send(hour(2, 0.95))
    assert follow() == [(2, 2.15, "open")]
    send(hour(3, 0.8))
    assert follow() == [(2, 2.15, "ended")]
    send(hour(4, 0.95))
    assert follow() == [(2, 2.15, "ended")]
    assert follow_thresholds() == 0
    alert = Alert.objects.get()
    assert (alert.start, alert.expected_kwh, alert.severity) == (START + HOUR, 2.0, "medium")


def test_it_waits_for_the_whole_hour_or_its_grace_time(limited: None, send: Send) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    send(ten_minutes(now, [0.5, 0.5, 0.5]))  # of the running hour
    assert follow() == []
    send(hour(1, 3)[:4])  # long over: what is known of it is enough
    assert follow() == [(1, 2.0, "open")]


def test_a_correction_takes_it_back(limited: None, send: Send) -> None:
    send(hour(0, 1.2), hour(1, 1.2))
    assert follow() == [(2, 2.4, "open")]
    send(*[{**each, "revision": 1} for each in hour(1, 0.3)])
    assert follow() == [(1, 1.2, "ended")]
    send(*[{**each, "revision": 1} for each in hour(0, 0.3)])
    assert [state for _, _, state in follow()] == ["ended"]


def test_what_was_called_normal_stays_so(limited: None, send: Send) -> None:
    send(hour(0, 1.2))
    follow()
    Alert.objects.update(state="normal")
    send(hour(1, 1.2))

    assert follow() == [(2, 2.4, "normal")]


def test_a_device_without_a_limit_has_none(meter: uuid.UUID, send: Send) -> None:
    send(hour(0, 100), [reading(START, 5)])
    assert follow() == []


@given(st.lists(st.floats(0, 3), max_size=30))
def test_every_hour_above_the_limit_is_in_one_excess_and_none_begins_or_ends_in_between(values: list[float]) -> None:
    last = len(values) - 1
    high = [
        High(METER, START + n * HOUR, kwh, 1.0, newest=n == last) for n, kwh in enumerate(values) if kwh >= CLEARS_BELOW
    ]
    found = list(excesses(high))

    for n, kwh in enumerate(values):
        at = START + n * HOUR
        within = [e for e in found if e.start <= at < e.end]
        assert len(within) == 1 if kwh > 1 else len(within) <= 1
        assert not within or kwh >= 0.9
    for one in found:
        first, after = round((one.start - START) / HOUR), round((one.end - START) / HOUR)
        assert values[first] > 1
        assert one.kwh == pytest.approx(sum(values[first:after]))
        assert one.open == (after == len(values))
        assert one.open or values[after] < 0.9
