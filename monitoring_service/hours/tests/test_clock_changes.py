"""Days of 23, 24 and 25 hours, and zones between the hours: day, month and year totals are exact on every way out."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitoring_service.conftest import METER, TEN_MINUTES, ten_minutes
from monitoring_service.dashboard.queries import dashboard, view_of
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
CHANGES = [
    ("Europe/Rome", date(2026, 3, 29), 23.0),
    ("Europe/Rome", date(2026, 10, 25), 25.0),
    ("America/New_York", date(2026, 3, 8), 23.0),
    ("America/New_York", date(2026, 11, 1), 25.0),
    ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ("Asia/Kolkata", date(2026, 6, 30), 24.0),
]


Around = Callable[[date], list[tuple[datetime, float]]]


@pytest.fixture
def around(meter: uuid.UUID, send: Callable[..., Any]) -> Around:
    """`around(day)`: the readings sent for three days, from the noon UTC two days before to that one day after; no two alike."""

    def make(day: date) -> list[tuple[datetime, float]]:
        noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        values = [(n + 1) ** 2 / 1_000 for n in range(6 * 72)]
        send(ten_minutes(noon - timedelta(days=2), values))
        return [(noon - timedelta(days=2) + TEN_MINUTES * (n + 1), value) for n, value in enumerate(values)]

    return make


def between(readings: list[tuple[datetime, float]], start: datetime, end: datetime) -> float:
    """What the readings of (start, end] add up to: neither hours nor calendar of ours have a part in it."""
    return sum(value for at, value in readings if start.timestamp() < at.timestamp() <= end.timestamp())


@pytest.mark.parametrize(("zone", "day", "length"), CHANGES)
def test_a_day_has_its_energy_whichever_way_it_is_asked_for(
    around: Around, client_for: ClientFor, alice: Caller, zone: str, day: date, length: float
) -> None:
    readings = around(day)
    client = client_for(alice)
    begin, end = (datetime(d.year, d.month, d.day, tzinfo=ZoneInfo(zone)) for d in (day, day + timedelta(days=1)))
    assert (end.timestamp() - begin.timestamp()) / 3600 == length
    span = {
        "device_id": METER,
        "start": day.isoformat(),
        "end": (day + timedelta(days=1)).isoformat(),
        "timezone": zone,
    }

    whole = client.get("/api/monitoring/hourly/daily", {"device_id": METER, "date": day.isoformat(), "timezone": zone})
    totals = {"daily": whole.json()["total_kwh"]}
    for resolution in ("hour", "day", "month", "year"):
        answer = client.get("/api/monitoring/hourly/range", {**span, "resolution": resolution}).json()
        totals[resolution] = answer["total_kwh"]
        assert sum(entry["readings"] for entry in answer["data"]) == pytest.approx(length * 6)
        assert sum(entry["expected"] for entry in answer["data"]) == pytest.approx(length * 6)
    noon_after = datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
    shown = dashboard(view_of(alice, zone=ZoneInfo(zone), now=noon_after))
    totals["dashboard"] = next(row["consumption"] for row in shown["daily_data"] if row["date"] == day.isoformat())

    assert totals == dict.fromkeys(totals, pytest.approx(between(readings, begin, end), abs=1e-9))


@pytest.mark.parametrize("zone", sorted({zone for zone, _, _ in CHANGES}))
def test_month_and_year_end_at_local_midnight(around: Around, client_for: ClientFor, alice: Caller, zone: str) -> None:
    # The last day of the year: its energy after local midnight is the next year's, and January's.
    readings = around(date(2025, 12, 31))
    client = client_for(alice)
    turn = datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))
    first, last = readings[0][0] - TEN_MINUTES, readings[-1][0]
    expected = [between(readings, first, turn), between(readings, turn, last)]
    span = {"device_id": METER, "start": "2025-01-01", "end": "2027-01-01", "timezone": zone}

    by = {
        resolution: client.get("/api/monitoring/hourly/range", {**span, "resolution": resolution}).json()["data"]
        for resolution in ("month", "year")
    }

    assert [entry["kwh"] for entry in by["year"]] == pytest.approx(expected, abs=1e-9)
    assert [entry["kwh"] for entry in by["month"] if entry["kwh"]] == pytest.approx(expected, abs=1e-9)
    assert [entry["start"][:10] for entry in by["year"]] == ["2025-01-01", "2026-01-01"]


@pytest.mark.parametrize(
    ("now", "passed", "passed_yesterday"),
    [
        ("2026-03-29T12:00", 11, 12),  # the clock skips two to three today
        ("2026-03-30T02:00", 2, 2),
        ("2026-03-30T02:30", 2.5, 2),  # a time that yesterday's clock never showed
        ("2026-03-30T03:00", 3, 2),
        ("2026-03-30T12:00", 12, 11),
        ("2026-10-25T12:00", 13, 12),  # and repeats it
        ("2026-10-26T02:30", 2.5, 2.5),
        ("2026-10-26T03:00", 3, 4),
        ("2026-10-26T12:00", 12, 13),
    ],
)
def test_today_and_yesterday_reach_to_the_same_time_of_their_own_clocks(
    meter: uuid.UUID, send: Callable[..., Any], alice: Caller, now: str, passed: float, passed_yesterday: float
) -> None:
    zone = ZoneInfo("Europe/Rome")
    at = datetime.fromisoformat(now).replace(tzinfo=zone)
    begin = at.astimezone(UTC) - timedelta(days=3)
    send(ten_minutes(begin, [0.1] * 6 * 72))

    shown = dashboard(view_of(alice, zone=zone, now=at))

    assert shown["today"] == pytest.approx(passed * 0.6)
    assert shown["yesterday_same_time"] == pytest.approx(passed_yesterday * 0.6)
