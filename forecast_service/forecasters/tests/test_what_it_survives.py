"""Histories as they come: dead meters, spikes, gaps, too little. The answer is finite and says when it is a fallback."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecast_service.forecasters.backtest import backtest
from forecast_service.forecasters.base import DAY, History, NothingToForecastFrom, Place
from forecast_service.forecasters.choose import answer, is_finite
from forecast_service.forecasters.tests.conftest import MONDAY, without


def sound(told, *, negative=False):
    assert is_finite(told)
    assert (told.lower_95 <= told.lower_80).all()
    assert (told.lower_80 <= told.mean).all()
    assert (told.mean <= told.upper_80).all()
    assert (told.upper_80 <= told.upper_95).all()
    assert negative or (told.lower_95 >= 0).all()


@pytest.mark.parametrize("value", [0.0, 1.25])
def test_a_constant_is_answered_as_such(value):
    told = answer(History(MONDAY, np.full(2000, value)), 168, Place())
    assert told.model == "constant"
    assert f"{value:g} kWh" in str(told.fallback)
    assert (told.forecast.mean == value).all()


def test_too_little_history_falls_back_and_says_so(home):
    told = answer(home(7), 168, Place())
    assert told.model == "seasonal_naive_24"
    assert "168 complete hours are known; sarimax needs 192" in str(told.fallback)
    sound(told.forecast)


@pytest.mark.parametrize("days", [8, 9, 14, 20])
def test_a_week_and_a_day_are_enough(home, days):
    told = answer(home(days), 168, Place())
    assert (told.model, told.fallback) == ("sarimax", None)
    sound(told.forecast)


@pytest.mark.parametrize("known", [0, 1, 23])
def test_less_than_a_day_is_refused_with_the_reason(home, known):
    with pytest.raises(NothingToForecastFrom, match=f"^{known} complete hours .* at least 24"):
        answer(
            History(MONDAY, np.append(np.full(2000, np.nan), home(1).values[:known])),
            24,
            Place(),
        )


def test_infinity_is_refused_at_the_door():
    with pytest.raises(ValueError, match="infinite"):
        History(MONDAY, np.array([1.0, np.inf]))


@pytest.mark.parametrize("start", [datetime(2026, 1, 5), datetime(2026, 1, 5, 0, 30, tzinfo=UTC)])
def test_a_history_begins_at_a_full_hour_with_offset(start):
    with pytest.raises(ValueError, match="not a full hour"):
        History(start, np.ones(3))


def test_a_meter_dead_for_weeks(home):
    told = answer(without(home(), 600, 1900), 168, Place())
    assert told.fallback is None
    sound(told.forecast)
    assert told.forecast.mean[:24].sum() == pytest.approx(answer(home(), 24, Place()).forecast.mean.sum(), rel=0.35)


def test_a_gap_is_filled_from_other_days_not_by_a_line(home):
    history = home()
    gap = without(history, 1980, 2010)
    told, whole = answer(gap, 24, Place()).forecast, answer(history, 24, Place()).forecast
    assert np.abs(told.mean - whole.mean).mean() < 0.15 * whole.mean.mean()


@pytest.mark.parametrize("place", [300, 1992, 2014, 2015])
@pytest.mark.parametrize("net", [False, True])
def test_one_spike_of_a_thousand_times_changes_little(home, place, net):
    history = home()
    values = history.values - (1.0 if net else 0.0)
    clean = answer(History(history.start, values), 168, Place()).forecast
    spiked = values.copy()
    spiked[place] *= 1000
    told = answer(History(history.start, spiked), 168, Place()).forecast
    sound(told, negative=net)
    assert np.abs(told.mean - clean.mean).mean() < 0.1 * np.abs(clean.mean).mean()


def test_net_series_may_be_negative(home, solar):
    told = answer(History(MONDAY, home().values - solar().values), 168, Place()).forecast
    sound(told, negative=True)
    assert (told.mean < 0).any()


def test_solar_is_exactly_zero_at_night_and_shines_by_day(solar):
    told = answer(solar(), 168, Place()).forecast
    sound(told)
    night = np.isin(np.arange(168) % 24, (0, 1, 2, 3, 4, 5, 19, 20, 21, 22, 23))
    for bound in (told.mean, told.lower_95, told.upper_95):
        assert (bound[night] == 0).all()
    assert (told.mean[~night].reshape(7, -1).max(axis=1) > 0.5).all()


def test_mostly_zero_use_is_survived():
    values = np.zeros(2016)
    values[np.random.default_rng(3).integers(0, 2016, 40)] = 7.2
    sound(answer(History(MONDAY, values), 168, Place("Europe/Rome")).forecast)


def test_a_meter_that_died_is_forecast_from_what_it_does_now(home):
    values = home().values.copy()
    values[-1000:] = 0
    told = answer(History(MONDAY, values), 168, Place())
    sound(told.forecast)
    assert told.forecast.mean.max() < 0.1


@pytest.mark.parametrize("days", [1, 3, 10, 30])
def test_a_plant_that_came_to_life_goes_on(solar, days):
    """Given Alice's new plant, whose meter told zeros for weeks before, then each day ahead is forecast as one of its own."""
    values = solar().values.copy()
    values[: -days * DAY] = 0.0
    told = answer(History(MONDAY, values), 168, Place()).forecast
    sound(told)
    own = values[-days * DAY :].reshape(-1, DAY).sum(axis=1)
    ahead = told.mean.reshape(7, DAY).sum(axis=1)
    assert (ahead >= 0.6 * own.min()).all()
    assert (ahead <= 1.2 * own.max()).all()
    assert (told.upper_80 - told.lower_80).max() > 0.1 * values.max()


def test_a_first_hour_of_use_is_no_reason_to_refuse(home):
    values = np.zeros(2016)
    values[-1] = 1.0
    sound(answer(History(MONDAY, values), 168, Place()).forecast)


@settings(max_examples=60, deadline=None)
@given(
    data=st.data(),
    days=st.integers(1, 30),
    horizon=st.integers(1, 168),
    zone=st.sampled_from(["UTC", "Europe/Rome", "Australia/Lord_Howe"]),
    start=st.integers(0, 400 * 24),
)
def test_any_history_gets_a_sound_answer_or_a_reason(data, days, horizon, zone, start):
    element = st.sampled_from([np.nan, 0.0, 1e-9, 0.2, 1.0, 3.3, 5e4])
    values = np.array(data.draw(st.lists(element, min_size=days * 24 - 5, max_size=days * 24)))
    try:
        told = answer(History(MONDAY + timedelta(hours=start), values), horizon, Place(zone))
    except NothingToForecastFrom:
        assert np.count_nonzero(~np.isnan(values)) < 24
        return
    assert len(told.forecast.mean) == horizon
    sound(told.forecast)


def test_the_backtest_compares_with_yesterday(home):
    told = backtest(home(), Place())
    assert told.hours == 168
    assert told.mase is not None
    assert told.mase_baseline is not None
    assert told.mase < told.mase_baseline
    assert told.coverage_80 is not None
    assert told.coverage_95 is not None
    assert 0.6 < told.coverage_80 < told.coverage_95 <= 1


@pytest.mark.parametrize("values", [np.ones(2016), np.full(2016, np.nan), np.ones(5), np.array([])])
def test_a_backtest_without_anything_to_compare_says_nothing(values):
    assert backtest(History(MONDAY, values), Place()).mase is None
