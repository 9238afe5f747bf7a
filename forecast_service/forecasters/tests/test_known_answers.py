"""Series whose future is known, so a forecast can be right or wrong."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from forecast_service.forecasters import autoregression
from forecast_service.forecasters.base import History, Place
from forecast_service.forecasters.sarimax import RegressionSarimax, recursion
from forecast_service.forecasters.seasonal_naive import LAST_WEEK, YESTERDAY
from forecast_service.forecasters.tests.conftest import MONDAY, without

SARIMAX = RegressionSarimax()


def test_a_pure_daily_wave_goes_on():
    hour = np.arange(84 * 24 + 168)
    wave = 2 + np.sin(2 * np.pi * hour / 24)
    told = SARIMAX.forecast(History(MONDAY, wave[:-168]), 168, Place())
    assert np.abs(told.mean - wave[-168:]).max() < 0.02


def test_weekends_differ_from_weekdays():
    day = np.arange((84 + 7) * 24) // 24
    step = np.where(day % 7 >= 5, 3.0, 1.0)
    told = SARIMAX.forecast(History(MONDAY, step[:-168]), 168, Place())
    # The ridge draws the weekend a little toward the week.
    assert np.abs(told.mean / step[-168:] - 1).max() < 0.07


def test_burg_recovers_an_autoregressive_process():
    random = np.random.default_rng(1)
    truth = np.array([0.6, -0.3, 0.2])
    x = np.zeros(20_000)
    for t in range(3, len(x)):
        x[t] = truth @ x[t - 3 : t][::-1] + random.normal()
    coefficients, variance = autoregression.burg(x[None], 3)
    assert np.allclose(coefficients[0], truth, atol=0.03)
    assert variance[0] == pytest.approx(1, abs=0.03)
    # The deviation of the forecast far ahead is that of the process itself.
    assert autoregression.deviation(coefficients, variance, 100)[0, -1] == pytest.approx(x.std(), rel=0.05)


def test_the_intervals_hold_as_much_as_they_say():
    inside_80, inside_95 = [], []
    for seed in range(25):
        random = np.random.default_rng(seed)
        noise = np.zeros(91 * 24)
        for t in range(1, len(noise)):
            noise[t] = 0.7 * noise[t - 1] + random.normal(0, 0.3)
        y = 10 + 3 * np.sin(2 * np.pi * np.arange(len(noise)) / 24) + noise
        told = SARIMAX.forecast(History(MONDAY, y[:-168]), 168, Place())
        came = y[-168:]
        inside_80.append(np.mean((came >= told.lower_80) & (came <= told.upper_80)))
        inside_95.append(np.mean((came >= told.lower_95) & (came <= told.upper_95)))
    assert np.mean(inside_80) == pytest.approx(0.8, abs=0.06)
    assert np.mean(inside_95) == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize("gap", [(0, 0), (2_000, 2_016 - 1)])
@pytest.mark.parametrize("net", [False, True])
def test_numpy_agrees_with_statsmodels(home, gap, net):
    from forecast_service.forecasters.state_space import state_space

    history = without(home(), *gap)
    if net:
        history = History(history.start, history.values - 1)
    here = RegressionSarimax(engine=recursion).forecast(history, 168, Place("Europe/Rome"))
    there = RegressionSarimax(engine=state_space).forecast(history, 168, Place("Europe/Rome"))
    for name in ("mean", "lower_80", "upper_80", "lower_95", "upper_95"):
        assert np.abs(getattr(here, name) - getattr(there, name)).max() < 1e-9, name


def test_it_beats_the_same_hour_yesterday_on_a_home(home):
    whole = home(91)
    history, came = whole.before(168), whole.values[-168:]
    error = {
        one.name: np.abs(one.forecast(history, 168, Place()).mean - came).mean()
        for one in (SARIMAX, YESTERDAY, LAST_WEEK)
    }
    assert error["sarimax"] < 0.9 * min(error["seasonal_naive_24"], error["seasonal_naive_168"])


def test_the_naive_ones_repeat_their_season(home):
    history = home(30)
    assert np.array_equal(YESTERDAY.forecast(history, 30, Place()).mean[:24], history.values[-24:])
    assert np.array_equal(LAST_WEEK.forecast(history, 168, Place()).mean, history.values[-168:])


@pytest.mark.parametrize("last_day", ["2026-03-28", "2026-10-24"])
def test_habits_follow_the_local_clock_over_its_change(last_day):
    """Given somebody in Rome who cooks at 19:00, when the clock changes that night, then dinner is still at 19:00."""
    rome = ZoneInfo("Europe/Rome")
    end = datetime.fromisoformat(f"{last_day}T23:00").replace(tzinfo=rome).astimezone(UTC)
    start = end - timedelta(days=60)

    def cooked(moment: datetime) -> float:
        return 3.0 if moment.astimezone(rome).hour == 19 else 0.5

    values = np.array([cooked(start + timedelta(hours=n)) for n in range(60 * 24)])
    for forecaster in (SARIMAX, YESTERDAY):
        told = forecaster.forecast(History(start, values), 72, Place("Europe/Rome"))
        truth = [cooked(end + timedelta(hours=n)) for n in range(72)]
        assert np.abs(told.mean - truth).max() < 0.2


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"])
def test_zones_with_odd_offsets_are_forecast_too(home, zone):
    told = SARIMAX.forecast(home(90), 168, Place(zone))
    assert len(told.mean) == 168
    assert np.isfinite(told.mean).all()


def test_the_same_history_gives_the_same_forecast(home):
    first, again = (SARIMAX.forecast(home(), 168, Place("Europe/Rome")) for _ in range(2))
    assert np.array_equal(first.mean, again.mean)
    assert np.array_equal(first.upper_95, again.upper_95)


def test_a_shorter_horizon_is_the_beginning_of_a_longer_one(home):
    long, short = (
        SARIMAX.forecast(home(), 168, Place()),
        SARIMAX.forecast(home(), 30, Place()),
    )
    assert np.allclose(long.mean[:30], short.mean, rtol=1e-12)
    assert np.allclose(long.lower_95[:30], short.lower_95, rtol=1e-12)


@pytest.mark.parametrize("factor", [1e-6, 7.0, 1e6])
def test_scaling_a_series_scales_its_forecast(home, factor):
    history = home()
    told = SARIMAX.forecast(history, 168, Place())
    scaled = SARIMAX.forecast(History(history.start, history.values * factor), 168, Place())
    assert np.allclose(scaled.mean, told.mean * factor, rtol=1e-6)
    assert np.allclose(scaled.upper_95, told.upper_95 * factor, rtol=1e-6)


def test_shifting_by_a_week_shifts_the_forecast(home):
    here = SARIMAX.forecast(home(), 168, Place())
    later = SARIMAX.forecast(home(start=MONDAY + timedelta(days=7)), 168, Place())
    assert np.allclose(here.mean, later.mean, rtol=1e-9)
