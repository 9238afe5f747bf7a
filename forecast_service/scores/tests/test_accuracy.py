"""Past forecasts against what came: Alice sees how those of her meter did."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from forecast_service.conftest import NOON
from forecast_service.forecasters import base
from forecast_service.forecasters.base import History, Place
from forecast_service.forecasters.scoring import hold, score
from forecast_service.forecasters.tests.conftest import MONDAY
from forecast_service.forecasts.models import Forecast
from forecast_service.forecasts.services import purge_past_forecasts

pytestmark = pytest.mark.django_db
ACCURACY = "/api/forecasts/accuracy"


@pytest.fixture
def meter(device, hours, habit, alice):
    found = device(alice)
    hours(found, habit(40))
    return found


def told(meter, *, days_ago, values, width=1.0, model="sarimax", **fields):
    kwh = np.asarray(values, dtype=float)
    return Forecast.objects.create(
        scope=f"device_{meter}", kind="consumption", model=model, basis="", zone="UTC", is_current=False,
        history_until=NOON - timedelta(days=days_ago), issued_at=timezone.now(), kwh=list(kwh),
        lower_80=list(kwh - width), upper_80=list(kwh + width), lower_95=list(kwh - 2 * width),
        upper_95=list(kwh + 2 * width), **fields,
    )  # fmt: skip


def test_a_perfect_forecast_and_one_that_is_too_high(meter, habit, alice, client_for):
    came = np.array(habit(40))
    told(meter, days_ago=10, values=came[-240:-72])
    told(meter, days_ago=9, values=came[-216:-48] + 1.5, model="linear_regression")
    card = client_for(alice).get(ACCURACY, {"device_id": str(meter)}).json()
    assert (card["forecasts"], card["days"]) == (2, 30)
    high, perfect = card["models"]
    assert (perfect["model"], high["model"]) == ("sarimax", "linear_regression")
    overall = perfect["overall"]
    assert (overall["hours"], overall["coverage_80"]) == (168, 1.0)
    assert overall["mase"] == pytest.approx(0, abs=1e-9)
    assert overall["mase_yesterday"] > 0
    assert high["overall"]["mae_kwh"] == pytest.approx(1.5)
    assert high["overall"]["bias"] == pytest.approx(1.5 * 168 / came[-216:-48].sum())
    assert (high["overall"]["coverage_80"], high["overall"]["coverage_95"]) == (0, 1)
    assert [(one["from_hour"], one["to_hour"], one["hours"]) for one in high["by_horizon"]] == [
        (0, 6, 6), (6, 24, 18), (24, 72, 48), (72, 168, 96)
    ]  # fmt: skip
    assert card["next_day"]["mae_kwh"] == pytest.approx(0.75)
    assert "A day ahead, an hour was missed by 0.75 kWh" in card["said"]


def test_only_hours_that_came_and_one_forecast_a_day_count(meter, habit, alice, client_for):
    told(meter, days_ago=2, values=np.ones(168))
    told(meter, days_ago=2 - 1 / 24, values=np.full(168, 50))
    card = client_for(alice).get(ACCURACY, {"device_id": str(meter)}).json()
    assert card["forecasts"] == 1
    assert card["models"][0]["overall"]["hours"] == 48
    assert card["models"][0]["by_horizon"][-1] == {
        "from_hour": 72, "to_hour": 168, "hours": 0, "mae_kwh": None, "mase": None, "mase_yesterday": None,
        "mase_last_week": None, "bias": None, "coverage_80": None, "coverage_95": None,
    }  # fmt: skip


def test_before_any_forecast_has_come_true_it_says_so(meter, alice, client_for):
    told(meter, days_ago=31, values=np.ones(168))
    card = client_for(alice).get(ACCURACY, {"device_id": str(meter)}).json()
    assert (card["forecasts"], card["models"], card["better_than_yesterday"]) == (0, [], None)
    assert "has come to its hours yet" in card["said"]


def test_the_gain_over_the_naive_ones_is_that_of_their_errors():
    day = np.arange(24.0)
    values = np.concatenate([np.tile(day, 14), day + 2])
    perfect = base.Forecast(*(np.tile(day + 2, 7) for _ in range(5)))
    held = hold([(14 * 24, perfect)], History(MONDAY, values), Place())
    one = score(held, 0.5)
    assert (one.hours, one.mae_kwh, one.mase) == (24, 0, 0)
    assert one.mase_yesterday == one.mase_last_week == pytest.approx(2 / 0.5)


def test_who_may_see_it_and_what_it_costs(meter, alice, charlie, client_for, django_assert_max_num_queries):
    for days in range(1, 20):
        told(meter, days_ago=days, values=np.ones(168))
    assert client_for(charlie).get(ACCURACY, {"device_id": str(meter)}).status_code == 404
    assert client_for(None).get(ACCURACY, {"device_id": str(meter)}).status_code == 401
    assert client_for(alice).get(ACCURACY).status_code == 400
    client = client_for(alice)
    with django_assert_max_num_queries(8):
        assert client.get(ACCURACY, {"device_id": str(meter)}).json()["forecasts"] == 19


def test_of_older_forecasts_the_first_of_each_day_is_kept(meter):
    kept = told(meter, days_ago=5, values=[1.0])
    gone = told(meter, days_ago=5 - 1 / 24, values=[1.0])
    next_day = told(meter, days_ago=4.2, values=[1.0])
    current = told(meter, days_ago=4.1, values=[1.0])
    Forecast.objects.filter(pk=current.pk).update(is_current=True)
    assert purge_past_forecasts() == 0
    Forecast.objects.update(issued_at=timezone.now() - timedelta(hours=49))
    assert purge_past_forecasts() == 1
    assert set(Forecast.objects.values_list("pk", flat=True)) == {kept.pk, next_day.pk, current.pk}
    assert not Forecast.objects.filter(pk=gone.pk).exists()
