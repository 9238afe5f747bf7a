"""Old months of readings are dropped; no hour changes by that, and none is ever computed from what is left."""

import random
import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from monitoring_service.conftest import METER, TEN_MINUTES, device_event, reading, ten_minutes
from monitoring_service.hours.models import Hour
from monitoring_service.readings import retention
from monitoring_service.readings.models import Cutoff, DoubtfulReading, Reading
from monitoring_service.readings.recompute import recompute_once
from monitoring_service.readings.retention import drop_month, dropable, keep_partitions, make_ahead, months_from
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db
Deliver = Callable[..., None]
Hours = Callable[..., Any]
Send = Callable[..., Any]
MARCH = datetime(2025, 3, 1, tzinfo=UTC)
HELD = "/api/monitoring/held"


def picture() -> list[tuple[Any, ...]]:
    return list(
        Hour.objects.order_by("device_id", "start").values_list("device_id", "start", "kwh", "readings", "version")
    )


def around_the_edge(kind: str) -> list[dict[str, Any]]:
    """Two days of February and two of March, every ten minutes, a little beside the full minutes."""
    value = {"interval_kwh": lambda n: 0.1, "power_w": lambda n: 500 + n, "register_kwh": lambda n: 100 + n / 10}[kind]
    start = MARCH - timedelta(days=2) + timedelta(seconds=37)
    return [reading(start + TEN_MINUTES * n, value(n)) for n in range(1, 4 * 144)]


@pytest.mark.parametrize("kind", ["interval_kwh", "power_w", "register_kwh"])
def test_dropping_changes_no_hour_and_neither_does_computing_them_again(
    deliver: Deliver, send: Send, kind: str
) -> None:
    deliver(device_event(reading=kind))
    send(*around_the_edge(kind))
    before = picture()

    assert drop_month((2025, 2))
    assert picture() == before
    assert not Reading.objects.filter(at__lt=MARCH).exists()

    deliver(device_event(reading=kind, interval_seconds=601), version=2)
    while recompute_once():
        pass
    deliver(device_event(reading=kind), version=3)
    while recompute_once():
        pass
    assert [row[:2] + row[3:4] for row in picture()] == [row[:2] + row[3:4] for row in before]
    assert [row[2] for row in picture()] == pytest.approx([row[2] for row in before], abs=1e-9)


@pytest.mark.parametrize("kind", ["interval_kwh", "power_w", "register_kwh"])
def test_a_late_reading_of_a_dropped_month_waits_for_the_operator(
    deliver: Deliver, send: Send, client_for: Callable[..., Any], admin: Caller, kind: str
) -> None:
    deliver(device_event(reading=kind))
    send(*around_the_edge(kind))
    drop_month((2025, 2))
    before, client = picture(), client_for(admin)

    late = reading(MARCH - timedelta(days=1, minutes=5), 0.25)
    assert (send(late).held, send(late).duplicates) == (1, 1)

    assert picture() == before
    (held,) = client.get(HELD).json()["results"]
    assert (held["reason"], held["value"]) == ("dropped_month", 0.25)
    answer = client.post(f"{HELD}/{held['id']}/accept")
    if kind == "interval_kwh":
        assert answer.status_code == 200
        hour = Hour.objects.get(start=MARCH - timedelta(days=1, hours=1))
        assert hour.kwh == pytest.approx(0.6 + 0.25)
        assert hour.readings == 7
    else:
        assert (answer.status_code, "Discard it" in answer.json()["detail"]) == (409, True)
        assert client.post(f"{HELD}/{held['id']}/discard").status_code == 200
        assert picture() == before
    assert send(late).held == 0


def test_what_is_stored_and_comes_again_is_a_duplicate(meter: uuid.UUID, send: Send) -> None:
    rows = around_the_edge("interval_kwh")
    send(*rows)
    drop_month((2025, 2))

    again = send(*rows[-288:])

    assert (again.duplicates, again.held) == (288, 0)
    assert not DoubtfulReading.objects.exists()


def test_a_register_that_was_silent_for_months_loses_nothing(deliver: Deliver, send: Send, hours: Hours) -> None:
    deliver(device_event(reading="register_kwh"))
    send(reading(MARCH - timedelta(days=20), 100), reading(MARCH - timedelta(days=19, minutes=7), 150))
    drop_month((2025, 2))

    send(reading(MARCH + timedelta(days=40), 400))

    assert sum(hour.kwh for hour in hours().values() if hour.kwh is not None) == pytest.approx(300, abs=1e-9)


def test_a_register_that_restarted_over_the_edge_keeps_its_energy(deliver: Deliver, send: Send, hours: Hours) -> None:
    deliver(device_event(reading="register_kwh"))
    send(reading(MARCH - timedelta(hours=30), 100), reading(MARCH - timedelta(hours=5, minutes=30), 150))
    send(reading(MARCH + timedelta(hours=5, minutes=30), 11), reading(MARCH + timedelta(hours=9), 20))
    before = sum(hour.kwh for hour in hours().values() if hour.kwh is not None)

    drop_month((2025, 2))
    send(reading(MARCH + timedelta(hours=3), 5))
    while recompute_once():
        pass

    assert before == pytest.approx(50 + 11 + 9)
    assert sum(hour.kwh for hour in hours().values() if hour.kwh is not None) == pytest.approx(before, abs=1e-9)


def test_which_months_are_too_old() -> None:
    assert months_from(datetime(2026, 1, 15, tzinfo=UTC), 3) == [(2026, 1), (2026, 2), (2026, 3)]
    assert months_from(datetime(2026, 1, 15, tzinfo=UTC), -2) == [(2025, 11), (2025, 12)]


def test_the_job_makes_the_next_months_and_drops_old_ones(meter: uuid.UUID, send: Send, settings: Any) -> None:
    now = datetime.now(UTC)
    send(reading(MARCH, 0.1), reading(now, 0.1))
    assert dropable(now=now, keep_months=0) == []
    settings.RETENTION_MONTHS = 3

    assert keep_partitions() > 0

    assert list(Reading.objects.values_list("value", flat=True)) == [0.1]
    assert Reading.objects.get().at == now
    assert make_ahead(now=now) == []
    assert dropable(now=now, keep_months=3) == []


def test_the_command_says_what_it_does(meter: uuid.UUID, send: Send, settings: Any) -> None:
    send(reading(MARCH + TEN_MINUTES, 0.1))
    settings.RETENTION_MONTHS = 3

    def said(*options: str) -> str:
        output = StringIO()
        call_command("partitions", *options, stdout=output)
        return output.getvalue()

    assert "would drop 2025-03" in said("--dry-run")
    assert Reading.objects.exists()
    assert "dropped 2025-03" in said()
    assert "2025-03" not in said()


@pytest.mark.django_db(transaction=True)
def test_retention_beside_ingest_loses_and_breaks_nothing(deliver: Deliver, send: Send, monkeypatch: Any) -> None:
    """Given months that are dropped while readings of them and of later months still come."""
    monkeypatch.setattr(retention, "_LOCK_TIMEOUT", "200ms")
    deliver(device_event())
    rows = ten_minutes(MARCH - timedelta(days=3), [0.1] * 144 * 6)
    random.Random(11).shuffle(rows)
    outcomes: list[Any] = []

    def write(part: list[dict[str, Any]]) -> None:
        for first in range(0, len(part), 24):
            outcomes.append(send(*part[first : first + 24]))
        connection.close()

    writers = [threading.Thread(target=write, args=[rows[n::2]]) for n in range(2)]
    for writer in writers:
        writer.start()
    dropped = 0
    while any(writer.is_alive() for writer in writers):
        dropped += drop_month((2025, 2))
    for writer in writers:
        writer.join()

    assert dropped > 0
    assert len(outcomes) == 36
    assert not any(outcome.refusals for outcome in outcomes)
    cutoff = Cutoff.objects.get(device_id=METER)
    # Up to the hour of the cutoff a reading is in its hour or on the operator's list; after that, in its hour.
    counted = sum(Hour.objects.values_list("readings", flat=True))
    assert counted + DoubtfulReading.objects.count() == len(rows)
    late = Hour.objects.filter(start__gt=cutoff.at).values_list("readings", flat=True)
    assert set(late) == {6}
