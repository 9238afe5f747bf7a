"""What holds of the forecast of any home, whatever its habits, noise, level and gaps."""

from datetime import timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast_service.forecasters.base import History, Place
from forecast_service.forecasters.sarimax import RegressionSarimax
from forecast_service.forecasters.tests.conftest import MONDAY

SARIMAX = RegressionSarimax()


@st.composite
def homes(draw: st.DrawFn) -> History:
    """Two to twelve weeks of a base load, a peak and a weekend of their own, with a gap."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    days = draw(st.integers(14, 84))
    hour = np.arange(days * 24)
    peak, width = draw(st.floats(0, 23)), draw(st.floats(1, 12))
    shape = draw(st.floats(0, 2)) + 0.1 + np.exp(-((hour % 24 - peak) ** 2) / width)
    shape = shape * np.where(hour // 24 % 7 >= 5, draw(st.floats(0.3, 3)), 1.0)
    values = shape * random.lognormal(0, draw(st.floats(0.01, 0.8)), len(hour))
    first = draw(st.integers(0, len(hour) - 48))
    values[first : first + draw(st.integers(0, 40))] = np.nan
    return History(MONDAY, values)


@settings(max_examples=25, deadline=None)
@given(history=homes(), power=st.integers(-12, 12))
def test_a_home_of_another_size_is_forecast_in_proportion(history: History, power: int) -> None:
    """By powers of two, which move no digit."""
    told = SARIMAX.forecast(history, 168, Place())
    scaled = SARIMAX.forecast(History(MONDAY, history.values * 2.0**power), 168, Place())
    for name in ("mean", "lower_95", "lower_80", "upper_80", "upper_95"):
        assert np.allclose(getattr(scaled, name), getattr(told, name) * 2.0**power, rtol=1e-9), name


@settings(max_examples=25, deadline=None)
@given(history=homes(), weeks=st.integers(1, 200))
def test_the_same_weeks_at_another_time_are_forecast_alike(history: History, weeks: int) -> None:
    here = SARIMAX.forecast(history, 168, Place())
    later = SARIMAX.forecast(History(MONDAY + timedelta(weeks=weeks), history.values), 168, Place())
    assert np.allclose(here.mean, later.mean, rtol=1e-9)
    assert np.allclose(here.upper_95, later.upper_95, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(history=homes(), horizon=st.integers(1, 167))
def test_asking_for_less_is_the_beginning_of_more(history: History, horizon: int) -> None:
    long, short = SARIMAX.forecast(history, 168, Place()), SARIMAX.forecast(history, horizon, Place())
    assert np.allclose(long.mean[:horizon], short.mean, rtol=1e-9)
    assert np.allclose(long.lower_80[:horizon], short.lower_80, rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(history=homes())
def test_intervals_hold_each_other_and_the_median(history: History) -> None:
    told = SARIMAX.forecast(history, 168, Place())
    ends = np.stack([np.zeros(168), told.lower_95, told.lower_80, told.mean, told.upper_80, told.upper_95])
    assert (np.diff(ends, axis=0) >= 0).all()
    assert told.upper_95.max() < 20 * np.nanmax(history.values)
