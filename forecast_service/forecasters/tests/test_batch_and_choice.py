"""Many at once say what each says alone, and `auto` takes who was clearly best."""

import dataclasses

import numpy as np
import pytest

from forecast_service.forecasters.backtest import backtest, backtest_each, choose_each
from forecast_service.forecasters.base import History, NothingToForecastFrom, Place
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import LIGHT, Answer, answer
from forecast_service.forecasters.tests.conftest import MONDAY, without

ROME = Place("Europe/Rome", "IT")


@pytest.fixture
def street(home, solar):
    """Histories of every sort that end together."""
    whole = home(84)
    net = History(MONDAY, whole.values - 1)
    young, empty = without(whole, 0, 1800), without(whole, 0, 2016)
    constant = History(MONDAY, np.full(2016, 0.5))
    other = History(MONDAY, whole.values[::-1].copy())
    return [whole, net, young, solar(84), without(whole, 500, 530), constant, empty, other]


def test_many_at_once_say_what_each_says_alone(street):
    together = answer_each(street, 168, ROME)
    for history, told in zip(street, together, strict=True):
        if isinstance(told, NothingToForecastFrom):
            with pytest.raises(NothingToForecastFrom):
                answer(history, 168, ROME)
            continue
        alone = answer(history, 168, ROME)
        assert (told.model, told.fallback) == (alone.model, alone.fallback)
        for field in dataclasses.fields(alone.forecast):
            here, there = getattr(told.forecast, field.name), getattr(alone.forecast, field.name)
            assert np.abs(here - there).max() < 1e-9, field.name
    assert sum(isinstance(told, Answer) for told in together) == len(street) - 1


def test_a_backtest_of_many_is_that_of_each(street):
    together = [one["sarimax"] for one in backtest_each(street, ROME, LIGHT, days=3)]
    assert together[0] == pytest.approx(backtest(street[0], ROME, days=3))
    assert together[0].hours == 72
    assert together[-2].mase is None


def test_a_regular_home_gets_the_standard_model(home):
    (choice,) = choose_each([home()], Place(), LIGHT)
    assert choice.model == "sarimax"
    assert set(choice.errors) == {one.name for one in LIGHT}
    assert "sarimax: error" in choice.reason
    assert "backtest of 7 days" in choice.reason


def test_a_timetable_that_repeats_by_the_week_is_left_to_last_week():
    week = np.random.default_rng(4).choice([0.0, 0.3, 4.0], 168, p=[0.5, 0.4, 0.1])
    (choice,) = choose_each([History(MONDAY, np.tile(week, 12))], Place(), LIGHT)
    assert choice.model == "seasonal_naive_168"
    assert "clearly smaller than sarimax's" in choice.reason
    assert choice.errors["seasonal_naive_168"].mase == 0


def test_with_too_little_history_the_choice_says_so(home):
    (choice,) = choose_each([home(1)], Place(), LIGHT)
    assert (choice.model, choice.reason) == ("sarimax", "sarimax: there is too little history for a backtest")
