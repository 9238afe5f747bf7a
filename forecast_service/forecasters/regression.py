"""Regression on the regressors of the SARIMAX model, without its errors: a near model for hours 1 to 24 and a far one beyond.

What learns is given by the forecaster, one meter at a time.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from forecast_service.forecasters.base import (
    DAY,
    LONGEST_HISTORY,
    PROBABILITIES,
    Floats,
    Forecast,
    History,
    Place,
)
from forecast_service.forecasters.calendar import Hours, free_hours
from forecast_service.forecasters.plausible import without_broken
from forecast_service.forecasters.regressors import design, fill_gaps
from forecast_service.forecasters.wallclock import to_wall
from forecast_service.forecasters.weather import weather_of

# (regressors, kWh, regressors ahead) -> (errors on hours it has not learned from, kWh ahead)
Learner = Callable[[Floats, Floats, Floats], tuple[Floats, Floats]]
POOLED = 0.3


def forecast_with(learn: Learner, history: History, horizon: int, place: Place) -> Forecast:
    """The `horizon` hours after the history, whose intervals are as wide as the learner's errors at that hour of the day."""
    history = history.last(LONGEST_HISTORY)
    first_hour, values, places = to_wall(history, horizon, place.zone)
    values = without_broken(values[None])[0]
    # Trees take differences below an absolute limit for none: a small meter would be forecast otherwise than a large one.
    scale = float(np.nanmean(np.abs(values))) or 1.0
    values = values / scale
    ahead = int(places[-1]) + 1
    free = free_hours(first_hour, len(values) + ahead, place.country)
    weather = weather_of(place, history, horizon, first_hour)
    mean, quantiles = _one_model(learn, values, first_hour, min(ahead, DAY), free, weather, far=False)
    if ahead > DAY:
        far_mean, far_quantiles = _one_model(learn, values, first_hour, ahead, free, weather, far=True)
        mean = np.concatenate([mean, far_mean[DAY:]])
        quantiles = np.concatenate([quantiles, far_quantiles[DAY:]])
    # Nothing is believed that lies further outside of what was seen than what was seen is wide.
    low, high = np.nanmin(values), np.nanmax(values)
    mean, quantiles = (np.clip(one, 2 * low - high, 2 * high - low) for one in (mean, quantiles))
    return Forecast.ordered(mean[places] * scale, quantiles[places] * scale, floor=None if low < 0 else 0.0)


def _one_model(
    learn: Learner, values: Floats, first_hour: int, horizon: int, free: Hours, weather: Floats | None, *, far: bool
) -> tuple[Floats, Floats]:
    hours = len(values)
    regressors, first_row = design(fill_gaps(values[None]), first_hour, horizon, free, weather, far=far)
    known = np.flatnonzero(~np.isnan(values))
    known = known[known >= min(first_row, hours // 2)]
    errors, mean = learn(regressors[0, known], values[known], regressors[0, hours:])
    hour_of_day = (first_hour + np.arange(hours + horizon)) % DAY
    spread = _spread_by_hour(errors, hour_of_day[known])
    standard = np.quantile(errors / spread[hour_of_day[known]], PROBABILITIES)
    return mean, mean[:, None] + spread[hour_of_day[hours:], None] * standard


def _spread_by_hour(errors: Floats, hour_of_day: NDArray[np.int64]) -> Floats:
    """Root mean square error at each hour of the day, drawn toward the whole day's: shape (24,)."""
    whole = float(np.sqrt(np.mean(errors**2))) or 1e-12
    count = np.bincount(hour_of_day, minlength=DAY)
    total = np.bincount(hour_of_day, weights=errors**2, minlength=DAY)
    at_hour = np.where(count > 0, np.sqrt(total / np.maximum(count, 1)), whole)
    return (1 - POOLED) * at_hour + POOLED * whole
