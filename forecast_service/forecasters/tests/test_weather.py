"""Temperature on the wall clock, its gaps, and what is made of it."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecast_service.forecasters.base import History, Place, Temperature
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import Answer, answer
from forecast_service.forecasters.linear_regression import LinearRegression
from forecast_service.forecasters.sarimax import RegressionSarimax
from forecast_service.forecasters.state_space import state_space
from forecast_service.forecasters.tests.conftest import MONDAY
from forecast_service.forecasters.weather import degrees, on_wall


def course(hours: int) -> np.ndarray:
    """°C of a winter whose cold spells keep no week."""
    return 5 + 6 * np.sin(2 * np.pi * np.arange(hours) / (24 * 9.3))


@pytest.fixture
def heated(home):
    """(history, what came, place): energy that follows the cold."""
    celsius, whole = course(91 * 24), home(91)
    values = whole.values + 0.3 * np.maximum(15 - celsius, 0)
    return History(MONDAY, values[:-168]), values[-168:], Place(temperature=Temperature(MONDAY, celsius))


@pytest.mark.parametrize("forecaster", [RegressionSarimax(), LinearRegression()], ids=lambda one: one.name)
def test_who_knows_the_weather_errs_less(heated, forecaster):
    history, came, place = heated
    error = [np.abs(forecaster.forecast(history, 168, one).mean - came).mean() for one in (place, Place())]
    assert error[0] < 0.7 * error[1]


def test_statsmodels_and_many_at_once_say_the_same_of_the_weather(heated):
    history, _, place = heated
    alone = answer(history, 168, place).forecast.mean
    there = RegressionSarimax(engine=state_space).forecast(history, 168, place).mean
    assert np.abs(alone - there).max() < 1e-9
    for told in answer_each([history, History(MONDAY, history.values[::-1].copy())], 168, place)[:1]:
        assert isinstance(told, Answer)
        assert np.abs(told.forecast.mean - alone).max() < 1e-9


def test_an_unknown_hour_ahead_gives_the_forecast_without_weather(heated):
    history, _, place = heated
    short = Place(temperature=Temperature(MONDAY, place.temperature.values[: len(history.values) + 20]))
    without, with_short = (RegressionSarimax().forecast(history, 168, one).mean for one in (Place(), short))
    assert np.array_equal(without, with_short)


def test_short_gaps_are_bridged_and_long_ones_are_not():
    celsius = np.arange(48.0)
    celsius[10:16], celsius[30:37] = np.nan, np.nan
    found = on_wall(Temperature(MONDAY, celsius), History(MONDAY, np.ones(48)), 0, "UTC")
    assert np.allclose(found[10:16], np.arange(10, 16))
    assert np.isnan(found[30:37]).all()


def test_temperature_keeps_to_the_wall_clock_when_it_changes():
    """The hour that a spring night skips is bridged; before and after it each hour has its own temperature."""
    start = datetime(2026, 3, 28, 12, tzinfo=UTC)
    found = on_wall(Temperature(start, np.arange(24.0)), History(start, np.ones(20)), 4, "Europe/Rome")
    assert len(found) == 25
    assert np.allclose(np.delete(found, 13), np.arange(24.0))
    assert found[13] == pytest.approx(12.5)


def test_a_temperature_may_begin_before_the_history_and_after_it():
    history = History(MONDAY, np.ones(4))
    early = Temperature(MONDAY - timedelta(hours=2), np.arange(6.0))
    assert np.array_equal(on_wall(early, history, 0, "UTC"), [2, 3, 4, 5])
    late = on_wall(Temperature(MONDAY + timedelta(hours=2), np.arange(6.0)), history, 0, "UTC")
    assert np.isnan(late[:2]).all()
    assert np.array_equal(late[2:], [0, 1])


def test_mild_air_has_no_degrees():
    assert not degrees(np.full(48, 17.0), 0).any()
    assert degrees(np.full(48, 5.0), 0)[:, 0] == pytest.approx(1.0)
    assert degrees(np.full(48, 30.0), 0)[:, 10] == pytest.approx(1.0)
