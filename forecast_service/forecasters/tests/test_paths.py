"""Simulated futures: as wide as what came, never below zero, dark at night, the same each time."""

import numpy as np
import pytest

from forecast_service.forecasters import autoregression
from forecast_service.forecasters.base import History, NothingToForecastFrom, Place
from forecast_service.forecasters.paths import LONGEST_PATH, simulate
from forecast_service.forecasters.tests.conftest import MONDAY


@pytest.mark.parametrize("days", [5, 10, 84])
def test_paths_are_sound_whatever_the_history(home, days):
    paths = simulate(home(days), LONGEST_PATH, Place("Europe/Rome", "IT"), paths=20)
    assert paths.shape == (20, LONGEST_PATH)
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()


def test_they_are_the_same_each_time(home):
    assert np.array_equal(simulate(home(), 48, Place()), simulate(home(), 48, Place()))


def test_no_path_shines_at_night(solar):
    paths = simulate(solar(), 240, Place())
    night = np.isin(np.arange(240) % 24, (0, 1, 2, 3, 4, 5, 20, 21, 22, 23))
    assert (paths[:, night] == 0).all()
    assert (paths.sum(axis=1) > 0).all()


def test_a_constant_stays_one_and_nothing_gives_a_reason():
    assert (simulate(History(MONDAY, np.full(2000, 0.7)), 100, Place()) == 0.7).all()
    with pytest.raises(NothingToForecastFrom, match="3 complete hours"):
        simulate(History(MONDAY, np.ones(3)), 10, Place())
    with pytest.raises(ValueError, match="0 hours"):
        simulate(History(MONDAY, np.ones(300)), 0, Place())


def test_simulated_errors_spread_as_the_formula_says():
    random = np.random.default_rng(3)
    coefficients = np.array([0.6, -0.3, 0.2])
    paths = autoregression.simulated(np.zeros(3), coefficients, random.standard_normal((20_000, 30)))
    wanted = autoregression.deviation(coefficients[None], np.ones(1), 30)[0]
    assert paths.std(axis=0) == pytest.approx(wanted, rel=0.03)


def test_eight_totals_in_ten_lie_inside_their_interval(home):
    inside = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        noise = np.zeros(92 * 24)
        for t in range(1, len(noise)):
            noise[t] = 0.9 * noise[t - 1] + random.normal(0, 0.3)
        values = 10 + 3 * np.sin(2 * np.pi * np.arange(len(noise)) / 24) + noise
        total = simulate(History(MONDAY, values[: 84 * 24]), 168, Place()).sum(axis=1)
        low, high = np.quantile(total, (0.1, 0.9))
        inside.append(low <= values[84 * 24 : 85 * 24 + 144].sum() <= high)
    assert 0.65 <= np.mean(inside) <= 0.97
