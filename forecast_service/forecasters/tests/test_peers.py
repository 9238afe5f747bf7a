"""Every forecaster by the same rules: what it says is sound, scales with its series and can be said again."""

import numpy as np
import pytest

from forecast_service.forecasters.base import Forecaster, History, Place
from forecast_service.forecasters.choose import FORECASTERS, HEAVY, LIGHT, answer
from forecast_service.forecasters.linear_regression import LinearRegression, least_squares
from forecast_service.forecasters.random_forest import RandomForest
from forecast_service.forecasters.seasonal_naive import YESTERDAY
from forecast_service.forecasters.tests.conftest import MONDAY, without
from forecast_service.forecasters.tests.test_what_it_survives import sound

EVERY = pytest.mark.parametrize("forecaster", LIGHT + HEAVY, ids=lambda one: one.name)
CHEAP = pytest.mark.parametrize("forecaster", [*LIGHT, RandomForest()], ids=lambda one: one.name)
ROME = Place("Europe/Rome", "IT")


def test_they_are_known_by_their_names():
    assert set(FORECASTERS) == {
        *("sarimax", "sarimax_classic", "seasonal_naive_24", "seasonal_naive_168", "linear_regression", "random_forest")
    }


@EVERY
def test_what_it_says_is_sound_and_its_own(home, forecaster: Forecaster):
    history = without(home(30), 400, 420)
    told = answer(history, 50, ROME, forecaster=forecaster)
    assert (told.model, told.fallback) == (forecaster.name, None)
    assert len(told.forecast.mean) == 50
    sound(told.forecast)
    assert (told.forecast.upper_95 > told.forecast.lower_95).all()


@EVERY
def test_no_sun_at_night_whoever_forecasts(solar, forecaster: Forecaster):
    told = answer(solar(28), 48, Place(), forecaster=forecaster).forecast
    night = np.isin(np.arange(48) % 24, (0, 1, 2, 3, 4, 5, 20, 21, 22, 23))
    for bound in (told.mean, told.lower_95, told.upper_95):
        assert (bound[night] == 0).all()
    assert told.mean[12] > 0.5


@EVERY
def test_a_broken_hour_does_not_bend_it(home, forecaster: Forecaster):
    history = home(28)
    spiked = history.values.copy()
    spiked[300] *= 1000
    clean = answer(history, 24, Place(), forecaster=forecaster).forecast
    told = answer(History(MONDAY, spiked), 24, Place(), forecaster=forecaster).forecast
    assert np.abs(told.mean - clean.mean).mean() < 0.15 * clean.mean.mean()


@CHEAP
def test_it_can_be_said_again(home, forecaster: Forecaster):
    first, again = (forecaster.forecast(home(40), 168, ROME) for _ in range(2))
    assert np.array_equal(first.mean, again.mean)
    assert np.array_equal(first.upper_95, again.upper_95)


@CHEAP
def test_scaling_a_series_scales_its_forecast(home, forecaster: Forecaster):
    history = home(40)
    told = forecaster.forecast(history, 48, Place())
    scaled = forecaster.forecast(History(MONDAY, history.values * 64), 48, Place())  # a power of two moves no digit
    assert np.allclose(scaled.mean, told.mean * 64, rtol=1e-6)
    assert np.allclose(scaled.lower_80, told.lower_80 * 64, rtol=1e-6)


@pytest.mark.parametrize("forecaster", [LinearRegression(), RandomForest()], ids=lambda one: one.name)
def test_those_that_learn_beat_the_same_hour_yesterday(home, forecaster: Forecaster):
    whole = home(91)
    history, came = whole.before(168), whole.values[-168:]
    error = np.abs(forecaster.forecast(history, 168, Place()).mean - came).mean()
    naive = np.abs(YESTERDAY.forecast(history, 168, Place()).mean - came).mean()
    assert error < 0.9 * naive


def test_least_squares_recovers_its_coefficients_and_leaves_each_hour_out():
    random = np.random.default_rng(3)
    x = random.normal(size=(300, 4))
    truth = np.array([2.0, -1.0, 0.5, 0.0])
    y = x @ truth + random.normal(0, 0.1, 300)
    errors, ahead = least_squares(x, y, np.eye(4))
    assert ahead == pytest.approx(truth, abs=0.03)
    others = np.arange(300) != 7
    _, told = least_squares(x[others], y[others], x[7:8])
    assert errors[7] == pytest.approx(y[7] - told[0], rel=1e-9)
