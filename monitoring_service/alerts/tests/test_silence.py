"""A silent meter is an alert of its own: one, until it speaks again."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.alerts.models import Alert
from monitoring_service.alerts.services import set_rule
from monitoring_service.conftest import METER, reading
from monitoring_service.devices.status import note_statuses

pytestmark = pytest.mark.django_db
Send = Callable[..., Any]


def ago(**past: float) -> datetime:
    return datetime.now(UTC) - timedelta(**past)


def test_silence_is_told_once_and_ends_with_the_next_reading(meter: uuid.UUID, send: Send) -> None:
    note_statuses()
    assert not Alert.objects.exists()  # it never spoke
    last = ago(hours=2)
    send(reading(last, 0.1))
    note_statuses()
    note_statuses()

    alert = Alert.objects.get()
    assert (alert.device_id, alert.type, alert.state, alert.start, alert.end) == (METER, "no_data", "open", last, None)

    send(reading(ago(minutes=1), 0.1))
    note_statuses()
    alert.refresh_from_db()
    assert alert.state == "ended"
    assert alert.end is not None


def test_what_an_operator_has_switched_off_is_not_raised(meter: uuid.UUID, send: Send) -> None:
    set_rule(type_="no_data", device_id=None, enabled=True)
    set_rule(type_="no_data", device_id=METER, enabled=False)
    send(reading(ago(hours=2), 0.1))
    note_statuses()

    assert not Alert.objects.exists()
