"""Alice asks what this day, week and month will come to, and how well the past ones had been told."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecast_service.conftest import NOON
from forecast_service.totals.periods import HOUR, Period, period_at, periods_before, shares

TOTALS = "/api/forecasts/totals"


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "zone", "start", "hours"),
    [
        ("day", "UTC", "2026-03-29T00:00", 24),
        ("day", "Europe/Rome", "2026-03-28T23:00", 23),
        ("week", "Europe/Rome", "2026-03-22T23:00", 167),
        ("month", "Europe/Rome", "2026-02-28T23:00", 31 * 24 - 1),
        ("day", "Asia/Kolkata", "2026-03-28T18:30", 24),
        ("day", "Australia/Lord_Howe", "2026-03-28T13:00", 24),
    ],
)
def test_periods_run_from_local_midnight_to_local_midnight(name, zone, start, hours):
    period = period_at(name, instant("2026-03-29T09:00"), zone)
    assert (period.start, period.end) == (instant(start), instant(start) + timedelta(hours=hours))


def test_the_periods_before_join_up():
    running = period_at("month", instant("2026-03-15T00:00"), "Europe/Rome")
    found = [running, *periods_before("month", running, 3, "Europe/Rome")]
    assert [one.end for one in found[1:]] == [one.start for one in found[:-1]]
    assert found[-1].start == instant("2025-11-30T23:00")


def test_an_hour_over_the_edge_counts_by_its_share():
    period = Period(instant("2026-03-28T18:30"), instant("2026-03-28T20:30"))
    assert list(shares(period, instant("2026-03-28T17:00"), 5)) == [0, 0.5, 1, 0.5, 0]
    assert shares(period, instant("2026-03-20T00:00"), 24).sum() == 0


@pytest.fixture
def meter(device, plant, hours, habit, alice):
    found = device(alice, plant_id=plant())
    hours(found, habit(120))
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("period", "count"), [("day", 7), ("week", 4), ("month", 3)])
def test_the_running_period_and_the_past_ones(meter, habit, alice, client_for, period, count):
    told = client_for(alice).get(TOTALS, {"device_id": str(meter), "period": period}).json()
    assert (told["period"], told["timezone"], len(told["past"])) == (period, "Europe/Rome", count)
    values, first = np.array(habit(120)), NOON - timedelta(days=120)
    for one in (told, *told["past"]):
        start, end = (datetime.fromisoformat(one[name]) for name in ("start", "end"))
        begin, stop = int((start - first) // HOUR), int((end - first) // HOUR)
        assert one["actual_kwh"] == pytest.approx(values[max(begin, 0) : stop].sum())
        assert one["lower_80"] <= one["predicted_kwh"] <= one["upper_80"]
    assert told["actual_kwh"] <= told["lower_80"]
    assert datetime.fromisoformat(told["told_from"]) == NOON
    for one in told["past"]:
        assert one["told_from"] == one["start"]
        assert one["predicted_kwh"] == pytest.approx(one["actual_kwh"], rel=0.2)
    assert told["accuracy"]["periods"] == sum(one["completeness"] > 0.95 for one in told["past"]) > 0
    assert told["accuracy"]["error"] < 0.15


@pytest.mark.django_db
@pytest.mark.parametrize(("morning", "known", "length"), [("2026-03-29T09:00", 10, 23), ("2025-10-26T09:00", 11, 25)])
def test_the_day_of_a_clock_change_has_its_own_length(device, plant, hours, alice, client_for, morning, known, length):
    """Somebody who always takes 1 kWh an hour takes 23 or 25 on that day, running and past."""
    meter = device(alice, plant_id=plant("Europe/Rome"))
    hours(meter, [1.0] * 24 * 30, until=instant(morning))
    client = client_for(alice)
    running = client.get(TOTALS, {"device_id": str(meter)}).json()
    assert running["predicted_kwh"] == running["lower_80"] == running["upper_80"] == pytest.approx(length)
    assert running["actual_kwh"] == known
    hours(meter, [1.0] * 24, until=instant(morning) + timedelta(days=1))
    now = client.get(TOTALS, {"device_id": str(meter)}).json()
    assert (now["predicted_kwh"], now["past"][0]["actual_kwh"]) == pytest.approx((24, length))
    assert (now["past"][0]["predicted_kwh"], now["past"][0]["completeness"]) == pytest.approx((length, 1))
    week = client.get(TOTALS, {"device_id": str(meter), "period": "week"}).json()
    assert week["past"][0]["actual_kwh"] == pytest.approx(7 * 24 + length - 24)


@pytest.mark.django_db
def test_of_little_history_only_what_can_be_told_is_told(device, hours, habit, alice, client_for):
    young = device(alice)
    hours(young, habit(3))
    told = client_for(alice).get(TOTALS, {"device_id": str(young), "period": "month"}).json()
    assert told["past"] == []
    assert told["accuracy"] == {"periods": 0, "error": None, "coverage_80": None}
    assert told["completeness"] == pytest.approx(36 / 744)
    hours(device(alice), [1.0])
    empty = device(alice)
    assert client_for(alice).get(TOTALS, {"device_id": str(empty)}).status_code == 409


@pytest.mark.django_db
def test_a_gap_is_no_energy_saved(meter, hours, habit, alice, client_for):
    client = client_for(alice)
    before = client.get(TOTALS, {"device_id": str(meter), "period": "week"}).json()
    hours(meter, [None] * 6, until=NOON - timedelta(hours=2), version=2)
    after = client.get(TOTALS, {"device_id": str(meter), "period": "week"}).json()
    assert after["actual_kwh"] < before["actual_kwh"]
    assert after["completeness"] < before["completeness"]
    assert after["predicted_kwh"] == pytest.approx(before["predicted_kwh"], rel=0.1)


@pytest.mark.django_db
def test_production_has_the_days_of_its_plant(device, plant, hours, habit, alice, client_for):
    panels = device(alice, plant_id=plant("Europe/Rome"), kind="production")
    hours(panels, habit(20))
    told = client_for(alice).get(TOTALS, {"device_id": str(panels)}).json()
    assert (told["timezone"], told["start"]) == ("Europe/Rome", "2026-03-01T23:00:00Z")


@pytest.mark.django_db
def test_who_may_ask_and_for_what(meter, alice, charlie, client_for, django_assert_max_num_queries):
    assert client_for(charlie).get(TOTALS, {"device_id": str(meter)}).status_code == 404
    assert client_for(None).get(TOTALS, {"device_id": str(meter)}).status_code == 401
    answer = client_for(alice).get(TOTALS, {"device_id": str(meter), "period": "year"})
    assert (answer.status_code, "year" in str(answer.json()["period"])) == (400, True)
    client = client_for(alice)
    with django_assert_max_num_queries(6):
        assert client.get(TOTALS, {"device_id": str(meter)}).status_code == 200
