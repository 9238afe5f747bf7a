"""Hours told anew after the forecasts have lost theirs, and compared with them a device at a time."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from monitoring_service.hours.models import Hour
from monitoring_service.hours.resync import OwnedHours
from service_kit.versions import rows_of

pytestmark = pytest.mark.django_db
OTHER = uuid.UUID("22222222-2222-4222-8222-222222222222")
BUCKETS = [f"{number:03x}" for number in range(4096)]


@pytest.fixture
def published_hours(meter: uuid.UUID, deliver: Callable[..., None], send: Callable[..., Any]) -> None:
    """Three hours of each of two meters, all of them sent."""
    deliver(device_event(OTHER))
    for device_id in (METER, OTHER):
        send(ten_minutes(DAY, [0.1] * 18, device_id))
    Hour.objects.update(published_version=F("version"))


def due() -> set[tuple[uuid.UUID, Any]]:
    return set(Hour.objects.filter(published_version__lt=F("version")).values_list("device_id", "start"))


def test_all_hours_are_made_due_again(published_hours: None, capsys: Any) -> None:
    assert due() == set()
    call_command("resync")
    assert capsys.readouterr().out == "Told: 6 hour(s), 0 series(s).\n"
    assert len(due()) == 6


def test_the_hours_of_one_device_in_one_range_are_made_due_again(published_hours: None) -> None:
    start, end = DAY + timedelta(hours=1), DAY + timedelta(hours=2)
    call_command("resync", "hour", "--id", str(OTHER), "--start", start.isoformat(), "--end", end.isoformat())
    assert due() == {(OTHER, start)}


def test_a_device_counts_as_told_as_far_as_the_broker_has_confirmed(published_hours: None, send: Any) -> None:
    """Given a correction that is not sent yet: a copy without it is right, and so is one that has just got it."""
    send(ten_minutes(DAY, [0.2] * 6))
    hours = OwnedHours()
    assert rows_of(hours.versions(), BUCKETS) == {str(METER): (3, False), str(OTHER): (3, False)}
    assert rows_of(hours.latest(), BUCKETS) == {str(METER): (4, False), str(OTHER): (3, False)}
    assert hours.known([str(METER), str(uuid.uuid4())]) == {str(METER)}
