"""What this service's tests have in common: a meter of Alice's and ways to send it readings and to ask for its hours."""

import json
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service_kit.auth import Caller

TEN_MINUTES = timedelta(minutes=10)
DAY = datetime(2026, 3, 10, tzinfo=UTC)
METER = uuid.UUID("11111111-1111-4111-8111-111111111111")


def device_event(device_id: uuid.UUID = METER, *, owners: Iterable[Any] = (), **fields: Any) -> Any:
    """`device.created` of a ten-minute meter; `owners` are callers or whole Assignments."""
    from service_kit.events import Assignment, DeviceCreated

    assignments = [o if isinstance(o, Assignment) else Assignment(user_id=o.id) for o in owners]
    given = {"name": "Kitchen", "kind": "consumption", "reading": "interval_kwh", "interval_seconds": 600, **fields}
    return DeviceCreated(id=device_id, assignments=assignments, **given)


@pytest.fixture(autouse=True)
def nothing_is_kept() -> None:
    """Answers that were kept outlive the database's rollback."""
    from django.core.cache import cache

    from monitoring_service.hours.kept import forget_all

    cache.clear()
    forget_all()


@pytest.fixture
def meter(db: None, deliver: Callable[..., None], alice: Caller) -> uuid.UUID:
    """A ten-minute meter of energy that is Alice's."""
    deliver(device_event(owners=[alice]))
    return METER


@pytest.fixture
def send() -> Callable[..., Any]:
    """`send({...}, [...])`: each argument is one message's document (or raw bytes); all of them are one batch."""

    def make(*messages: Any) -> Any:
        from monitoring_service.readings.checks import to_us
        from monitoring_service.readings.decoding import Readings, decode
        from monitoring_service.readings.services import store_readings

        readings = Readings()
        for message in messages:
            body = message if isinstance(message, bytes) else json.dumps(message).encode()
            decode(body, readings, now_us=to_us(datetime.now(UTC)))
        return store_readings(readings=readings)

    return make


def reading(at: datetime, value: float, device_id: uuid.UUID = METER, **more: Any) -> dict[str, Any]:
    return {"timestamp": at.isoformat(), "device_id": str(device_id), "measurement_value": value, **more}


def ten_minutes(start: datetime, values: Iterable[float], device_id: uuid.UUID = METER) -> list[dict[str, Any]]:
    """Readings every ten minutes, the first one ten minutes after `start`."""
    return [reading(start + TEN_MINUTES * (n + 1), value, device_id) for n, value in enumerate(values)]


@pytest.fixture
def hours() -> Callable[..., dict[datetime, Any]]:
    """`hours(device)`: its stored hours by their start."""

    def get(device_id: uuid.UUID = METER) -> dict[datetime, Any]:
        from monitoring_service.hours.models import Hour

        return {hour.start: hour for hour in Hour.objects.filter(device_id=device_id).order_by("start")}

    return get


def eventually(what: str, look: Callable[[], object], seconds: float = 30) -> None:
    """Wait until `look` is true; fail with `what` after `seconds`."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if look():
            return
        pause.wait(0.05)
    pytest.fail(f"not within {seconds:g} s: {what}")


def somebody_waits_for_a_lock() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
