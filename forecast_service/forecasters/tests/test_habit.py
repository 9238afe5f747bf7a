"""Days ahead a forecast leans on what is usual at the hour, but not against what the meter has become."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast_service.forecasters.base import DAY, WEEK, History, Place
from forecast_service.forecasters.calendar import free_hours
from forecast_service.forecasters.habit import toward, usual
from forecast_service.forecasters.sarimax import RegressionSarimax
from forecast_service.forecasters.tests.conftest import MONDAY

KWH = st.floats(-1e3, 1e3)


@pytest.mark.parametrize("first_hour", [4 * DAY, 4 * DAY + 7, 9 * DAY + 18])
@pytest.mark.parametrize("days", [8, 22, 60])
def test_what_is_usual_is_told_by_the_days_of_the_same_kind(first_hour, days):
    """Given a meter that lives by the clock, twice as much on free days, then what is usual is what comes."""
    hours, horizon = days * DAY, WEEK
    clock = first_hour + np.arange(hours + horizon)
    free = free_hours(first_hour, hours + horizon, None)
    lived = (1 + clock % DAY) * np.where(free, 2.0, 1.0)
    assert (usual(np.stack([lived, 3 * lived])[:, :hours], free, horizon) == [lived[hours:], 3 * lived[hours:]]).all()


def test_one_odd_day_is_not_usual():
    free = np.zeros(22 * DAY, dtype=bool)
    lived = np.ones((1, 21 * DAY))
    lived[:, -DAY:] = 50.0
    assert (usual(lived, free, DAY) == 1.0).all()


def test_where_no_day_of_the_kind_is_known_all_days_speak():
    free = np.repeat([False, True], [10 * DAY, DAY])
    assert (usual(np.full((1, 10 * DAY), 0.7), free, DAY) == 0.7).all()


@given(habit=KWH, expected=KWH, deviation=st.floats(0, 1e3))
def test_it_is_half_the_way_at_most_and_a_quarter_of_the_deviation(habit, expected, deviation):
    moved = float(toward(np.array([[habit]]), np.array([[expected]]), np.array([[deviation]]))[0, 0])
    assert abs(moved) <= 0.5 * abs(habit - expected) + 1e-12
    assert abs(moved) <= 0.25 * deviation + 1e-12
    assert moved * (habit - expected) >= 0


def test_a_meter_that_uses_twice_as_much_since_ten_days_is_not_drawn_back(home):
    """Given a home that a heat pump has joined ten days ago, then the days ahead are forecast with it."""
    before = home().values
    joined = before.copy()
    joined[-10 * DAY :] *= 2
    told = RegressionSarimax().forecast(History(MONDAY, joined), WEEK, Place()).mean[DAY:]
    usually = RegressionSarimax().forecast(History(MONDAY, before), WEEK, Place()).mean[DAY:]
    assert told.sum() > 1.6 * usually.sum()
