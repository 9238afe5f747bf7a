"""Alice's first screen: how much, against the same time yesterday, at what cost."""

import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring_service.conftest import METER, device_event, ten_minutes
from monitoring_service.dashboard.queries import dashboard, view_of
from monitoring_service.dashboard.tariffs import Rate, prices
from monitoring_service.hours.calendar import midnight
from monitoring_service.hours.energy import HOUR
from monitoring_service.hours.models import Hour
from service_kit.auth import Caller
from service_kit.events import (
    Assignment,
    ForecastIssued,
    ForecastPoint,
    PlantCreated,
    TariffCreated,
    TariffRate,
)

NOW = datetime(2026, 3, 20, 9, 30, tzinfo=UTC)
PLANT, TARIFF = uuid.uuid4(), uuid.uuid4()
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
Send = Callable[..., Any]
Deliver = Callable[..., None]


def shown_to(caller: Caller) -> dict[str, Any]:
    return dashboard(view_of(caller, zone=None, now=NOW))


@pytest.fixture
def home(db: None, deliver: Deliver, send: Send, alice: Caller) -> uuid.UUID:
    """Alice's home in UTC with a tariff of 0.30, which has taken 0.6 kWh an hour from March 9 to March 20, 09:00."""
    rate = TariffRate(price_per_kwh=0.3, weekdays=EVERY_DAY, from_minute=0, to_minute=1440)
    deliver(
        TariffCreated(
            id=TARIFF, name="Flat", currency="EUR", valid_from=None, valid_to=None, standing_charge_per_day=0.5,
            feed_in_per_kwh=0.08, rates=[rate],
        )
    )  # fmt: skip
    deliver(PlantCreated(id=PLANT, name="Home", timezone="UTC", tariff_id=TARIFF, co2_g_per_kwh=400))
    deliver(device_event(owners=[alice], plant_id=PLANT))
    for number in range(11):
        send(ten_minutes(datetime(2026, 3, 9, tzinfo=UTC) + timedelta(days=number), [0.1] * 144))
    send(ten_minutes(datetime(2026, 3, 20, tzinfo=UTC), [0.2] * 54))
    return METER


def test_today_is_compared_with_yesterday_to_the_same_time(home: uuid.UUID, alice: Caller) -> None:
    shown = shown_to(alice)

    assert shown["timezone"] == "UTC"
    assert (shown["today"], shown["yesterday_same_time"]) == (pytest.approx(10.8), pytest.approx(5.4))
    assert shown["last_7_days"] == pytest.approx(6 * 14.4 + 10.8)
    assert shown["last_30_days"] == pytest.approx(11 * 14.4 + 10.8)
    assert shown["total_consumption"] == pytest.approx(11 * 14.4 + 10.8)
    assert shown["avg_daily_consumption"] == pytest.approx(14.4)
    assert (shown["peak_consumption"], shown["peak_consumption_start"]) == (pytest.approx(1.2), "2026-03-20T00:00:00Z")
    assert shown["total_production"] is None
    assert [row["consumption"] for row in shown["daily_data"][-2:]] == [pytest.approx(14.4), pytest.approx(10.8)]
    assert shown["daily_data"][0] == {"date": "2026-02-19", "consumption": None, "production": None}
    assert shown["weekly_data"][-1] == {
        "week_start": "2026-03-16", "consumption": pytest.approx(4 * 14.4 + 10.8), "production": None,
    }  # fmt: skip


def test_money_and_co2(home: uuid.UUID, alice: Caller) -> None:
    shown = shown_to(alice)

    assert (shown["cost"], shown["currency"]) == (pytest.approx(shown["last_30_days"] * 0.3 + 30 * 0.5), "EUR")
    assert shown["co2_kg"] == pytest.approx(shown["last_30_days"] * 0.4)


def test_sub_meters_and_other_kinds_are_not_added(home: uuid.UUID, deliver: Deliver, send: Send, alice: Caller) -> None:
    inner, roof = uuid.uuid4(), uuid.uuid4()
    deliver(device_event(inner, owners=[alice], parent_id=home, name="Heat pump"))
    deliver(device_event(roof, owners=[alice], kind="production", name="Roof"))
    send(ten_minutes(datetime(2026, 3, 19, tzinfo=UTC), [0.05] * 144, inner))
    send(ten_minutes(datetime(2026, 3, 19, tzinfo=UTC), [0.5] * 6, roof))

    shown = shown_to(alice)

    assert shown["last_30_days"] == pytest.approx(11 * 14.4 + 10.8)
    assert shown["total_production"] == pytest.approx(3.0)
    assert [(row["name"], row["kwh"]) for row in shown["device_breakdown"]] == [
        ("Kitchen", pytest.approx(11 * 14.4 + 10.8)),
        ("Heat pump", pytest.approx(7.2)),
        ("Roof", pytest.approx(3.0)),
    ]


def test_the_next_day_is_the_forecasts(home: uuid.UUID, deliver: Deliver, alice: Caller) -> None:
    assert shown_to(alice)["predicted_next_day"] is None
    first = NOW.replace(minute=0)
    points = [
        ForecastPoint(start=first + timedelta(hours=n), kwh=0.5, lower_80=0.4, upper_80=0.6) for n in range(-3, 165)
    ]
    deliver(ForecastIssued(scope=f"device_{home}", model="sarimax", issued_at=NOW, points=points))

    shown = shown_to(alice)

    assert (shown["predicted_next_day"], shown["predicted_next_month"]) == (pytest.approx(12), pytest.approx(360))


def test_bob_gets_the_totals_of_his_period_and_charlie_none(
    home: uuid.UUID, deliver: Deliver, alice: Caller, bob: Caller, charlie: Caller
) -> None:
    period = Assignment(user_id=bob.id, from_=datetime(2026, 3, 19, tzinfo=UTC), to=datetime(2026, 3, 20, tzinfo=UTC))
    deliver(device_event(owners=[alice, period], plant_id=PLANT), version=2)

    shown = shown_to(bob)

    assert (shown["total_consumption"], shown["last_30_days"]) == (pytest.approx(14.4), pytest.approx(14.4))
    assert shown["today"] is None
    assert shown_to(charlie)["total_consumption"] is None


def test_the_page_answers_with_few_queries(
    home: uuid.UUID, client_for: Callable[..., Any], alice: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)
    with django_assert_max_num_queries(10):
        answer = client.get("/api/monitoring/dashboard", {"timezone": "Europe/Rome"})

    assert answer.status_code == 200
    assert answer.json()["timezone"] == "Europe/Rome"
    assert client.get("/api/monitoring/dashboard", {"timezone": "Mars"}).status_code == 400
    assert client_for(None).get("/api/monitoring/dashboard").status_code == 401


def test_a_price_holds_by_the_plants_clock() -> None:
    rome = ZoneInfo("Europe/Rome")
    night = Rate(0.1, EVERY_DAY, 0, 6 * 60)
    peak = Rate(0.4, [1, 2, 3, 4, 5], 8 * 60, 20 * 60)
    begin = midnight(date(2026, 3, 29), rome)  # a Sunday of 23 hours

    found = prices([night, peak], begin + np.arange(47) * HOUR, rome)

    assert found[:5].tolist() == [0.1] * 5  # 0, 1, 3, 4 and 5 o'clock
    assert np.isnan(found[5:23]).all()
    assert found[23 + 7 : 23 + 9].tolist() == [pytest.approx(np.nan, nan_ok=True), 0.4]
    assert np.isnan(prices([night], begin + np.arange(5) * HOUR, rome, until=begin + 2 * HOUR)[2:]).all()


def test_an_answer_that_is_kept_follows_its_readings(
    home: uuid.UUID, send: Send, deliver: Deliver, client_for: Callable[..., Any], alice: Caller
) -> None:
    client = client_for(alice)

    def total() -> Any:
        return client.get("/api/monitoring/dashboard").json()["total_consumption"]

    before = total()
    assert total() == before
    send(ten_minutes(datetime(2026, 3, 1, tzinfo=UTC), [1.0]))
    assert total() == pytest.approx(before + 1)
    deliver(device_event(owners=[], plant_id=PLANT), version=2)
    assert total() is None


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(days_ago=st.lists(st.sampled_from([0, 1, 20, 21, 22, 27, 28, 35, 36, 400]), min_size=1, max_size=4))
def test_the_total_of_all_time_follows_whatever_is_corrected(
    meter: uuid.UUID, send: Send, alice: Caller, days_ago: list[int]
) -> None:
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    for n, ago in enumerate(days_ago):
        # Each time another value for the same instants, which overwrites the one before.
        send(ten_minutes(now - timedelta(days=ago, hours=1), [1.0 + n] * 6))

        shown = dashboard(view_of(alice, zone=ZoneInfo("Europe/Rome"), now=datetime.now(UTC)))

        stored = Hour.objects.filter(device_id=meter).aggregate(kwh=Sum("kwh"))["kwh"]
        assert shown["total_consumption"] == pytest.approx(stored)
