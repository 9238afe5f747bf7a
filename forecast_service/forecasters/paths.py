"""Whole futures instead of hours: the energy of a day, a week or a month is the sum over each simulated path.

Hourly limits must not be summed: hours that err together widen a total, hours that err apart narrow it.
"""

import numpy as np

from forecast_service.forecasters import autoregression
from forecast_service.forecasters.base import DAY, LONGEST_HISTORY, Floats, History, NothingToForecastFrom, Place
from forecast_service.forecasters.calendar import Hours, free_hours
from forecast_service.forecasters.choose import SARIMAX, since_first_use
from forecast_service.forecasters.plausible import always_zero, without_broken
from forecast_service.forecasters.regressors import fill_gaps
from forecast_service.forecasters.sarimax import (
    TAIL,
    WIDENING,
    Transform,
    fit_model,
    product,
    scale_and_skewness,
)
from forecast_service.forecasters.wallclock import to_wall
from forecast_service.forecasters.weather import weather_of

PATHS = 300
LONGEST_PATH = 62 * DAY
# The level itself drifts, which no residual of the past twelve weeks tells: a random walk of the daily level, by this share of
# the spread of the days' own levels. Settled on the dev split (the panel's unused middle origins), for 80% of totals inside.
DRIFT = 0.38


def simulate(history: History, horizon: int, place: Place, *, paths: int = PATHS) -> Floats:
    """kWh of the `horizon` hours after the history on each of so many paths: shape (paths, horizon). The same each time.

    With less history than the model needs, past days are drawn instead. Raises NothingToForecastFrom below 24 known hours.
    """
    if not 0 < horizon <= LONGEST_PATH:
        raise ValueError(f"a path of {horizon} hours is not between 1 and {LONGEST_PATH}")
    history = since_first_use(history.last(LONGEST_HISTORY))
    known, random = history.known, np.random.default_rng(1)
    if known < DAY:
        raise NothingToForecastFrom(f"{known} complete hours are known; a total needs at least {DAY}.")
    if not has_model(history):
        return _drawn_days(history, horizon, paths, random)
    first_hour, values, places = to_wall(history, horizon, place.zone)
    values, ahead = without_broken(values[None]), int(places[-1]) + 1
    scale, skewed = scale_and_skewness(values)
    free = free_hours(first_hour, values.shape[1] + ahead, place.country)
    weather = weather_of(place, history, horizon, first_hour)
    shocks, walk = random.standard_normal((paths, ahead)), random.standard_normal((paths, -(-ahead // DAY)))
    found = [
        _paths(values / scale, first_hour, free, weather, shocks[:, :until], walk, skewed=bool(skewed[0]), far=far)
        for far, until in (((False, DAY), (True, ahead)) if ahead > DAY else ((False, ahead),))
    ]
    told = np.concatenate([found[0], *(later[:, DAY:] for later in found[1:])], axis=1) * scale
    if np.nanmin(values) >= 0:
        told = np.maximum(told, 0.0)
    told = told[:, places]
    told[:, always_zero(history.values[None], horizon)[0]] = 0.0
    return np.asarray(told, dtype=float)


def has_model(history: History) -> bool:
    """Whether the paths follow the model, and not the days of the past."""
    enough = history.known >= SARIMAX.minimum_history
    return enough and bool(np.nanmin(history.values) < np.nanmax(history.values))


def _paths(
    level: Floats,
    first_hour: int,
    free: Hours,
    weather: Floats | None,
    shocks: Floats,
    walk: Floats,
    *,
    skewed: bool,
    far: bool,
) -> Floats:
    transform, hours, ahead = Transform.of(skewed=skewed, far=far), level.shape[1], shocks.shape[1]
    fitted, regressors, z = fit_model(level, first_hour, ahead, free, weather, skewed=skewed, far=far)
    expected = product(regressors[:, hours - TAIL :], fitted.coefficients)
    residuals = np.where(np.isnan(z[:, -TAIL:]), 0.0, z[:, -TAIL:] - expected[:, :TAIL])
    spread = np.sqrt(fitted.variance[0]) * fitted.profile[0, (first_hour + hours + np.arange(ahead)) % DAY] * WIDENING
    errors = autoregression.simulated(residuals[0], fitted.autoregressive[0], shocks * spread)
    wandered = np.repeat(walk.cumsum(axis=1), DAY, axis=1)[:, :ahead]
    paths = expected[:, TAIL:] + errors + _drift(z) * wandered
    return transform.back(paths[None], z)[0]


def _drift(z: Floats) -> float:
    """Standard deviation of how far the level wanders in a day."""
    days = z[0, z.shape[1] % DAY :].reshape(-1, DAY)
    steps = np.diff(np.nanmean(np.where(np.isnan(days), np.nanmean(z), days), axis=1))
    return DRIFT * float(steps.std())


def _drawn_days(history: History, horizon: int, paths: int, random: np.random.Generator) -> Floats:
    values = fill_gaps(history.values[None])[0]
    days = values[len(values) % DAY :].reshape(-1, DAY)
    drawn = random.integers(len(days), size=(paths, -(-horizon // DAY)))
    return days[drawn].reshape(paths, -1)[:, :horizon]
