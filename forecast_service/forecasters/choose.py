"""Which forecaster answers, and, when it is not the one that should, why: no case ends in an exception or a NaN."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType

import numpy as np

from forecast_service.forecasters.base import (
    DAY,
    LONGEST_HISTORY,
    Forecast,
    Forecaster,
    History,
    NothingToForecastFrom,
    Place,
)
from forecast_service.forecasters.linear_regression import LinearRegression
from forecast_service.forecasters.plausible import always_zero
from forecast_service.forecasters.random_forest import RandomForest
from forecast_service.forecasters.sarimax import RegressionSarimax
from forecast_service.forecasters.sarimax_classic import ClassicSarimax
from forecast_service.forecasters.seasonal_naive import LAST_WEEK, YESTERDAY

SARIMAX = RegressionSarimax()
# Cheap enough to be tried on every meter, and to answer a request.
LIGHT: tuple[Forecaster, ...] = (SARIMAX, LinearRegression(), YESTERDAY, LAST_WEEK)
# A second and more of a processor each, and libraries of 100 MB: for jobs only.
HEAVY: tuple[Forecaster, ...] = (RandomForest(), ClassicSarimax())
# Those that know calendar and weather beside the hours' own past.
WITH_REGRESSORS = frozenset(("sarimax", "linear_regression", "random_forest"))
FORECASTERS: Mapping[str, Forecaster] = MappingProxyType({one.name: one for one in LIGHT + HEAVY})


# Zeros before the first use of this many hours are no history: longer than a weekend, or the night before a plant's first morning.
IDLE = 7 * DAY


@dataclass(frozen=True, slots=True)
class Answer:
    """model: the forecaster that answered. fallback: None, or why a simpler one did."""

    model: str
    forecast: Forecast
    fallback: str | None


def answer(history: History, horizon: int, place: Place, *, forecaster: Forecaster = SARIMAX) -> Answer:
    """The forecast of the `horizon` hours after the history, whose last hour is known.

    Raises NothingToForecastFrom when fewer than 24 hours of it are.
    """
    history = since_first_use(history.last(LONGEST_HISTORY))
    without_a_model = simple_answer(history, horizon, place, forecaster)
    if without_a_model is not None:
        return without_a_model
    try:
        told = forecaster.forecast(history, horizon, place)
        if is_finite(told):
            return Answer(forecaster.name, dark_at_night(told, history), None)
        reason = f"{forecaster.name} gave no finite number on this history"
    except np.linalg.LinAlgError as error:
        reason = f"{forecaster.name} cannot be fitted to this history ({error})"
    return Answer(YESTERDAY.name, dark_at_night(YESTERDAY.forecast(history, horizon, place), history), reason)


def simple_answer(history: History, horizon: int, place: Place, forecaster: Forecaster) -> Answer | None:
    """The answer to a history that no model can be fitted to; None when the forecaster can work with it.

    Raises NothingToForecastFrom when fewer than 24 hours of it are known.
    """
    known = history.known
    if known < DAY:
        raise NothingToForecastFrom(
            f"{known} complete hours are known in the last 12 weeks; a forecast needs at least {DAY}. "
            "Try again when more have arrived."
        )
    low, high = float(np.nanmin(history.values)), float(np.nanmax(history.values))
    if low == high:
        said = f"each of the {known} known hours holds the same value, {low:g} kWh"
        return Answer("constant", Forecast.certain(low, horizon), said)
    if known < forecaster.minimum_history:
        said = f"{known} complete hours are known; {forecaster.name} needs {forecaster.minimum_history}"
        return Answer(YESTERDAY.name, dark_at_night(YESTERDAY.forecast(history, horizon, place), history), said)
    return None


def from_first_known(history: History) -> History:
    known = np.flatnonzero(~np.isnan(history.values))
    return history.last(len(history.values) - int(known[0])) if len(known) else history


def since_first_use(history: History) -> History:
    """`from_first_known`, and without the weeks of zeros before a meter came to life.

    They say nothing of what it does now, but would make a new plant fade away again and its intervals too narrow. Whole days stay,
    of which 24 hours are known, or nothing is left out.
    """
    history = from_first_known(history)
    used = np.flatnonzero(np.nan_to_num(history.values))
    if not len(used) or used[0] < IDLE:
        return history
    lived = history.last(DAY * -(-(len(history.values) - int(used[0])) // DAY))
    return lived if lived.known >= DAY else history


def is_finite(told: Forecast) -> bool:
    return all(np.isfinite(getattr(told, field.name)).all() for field in fields(told))


def dark_at_night(told: Forecast, history: History) -> Forecast:
    dark = always_zero(history.values[None], len(told.mean))[0]
    if not dark.any():
        return told
    return replace(told, **{field.name: np.where(dark, 0.0, getattr(told, field.name)) for field in fields(told)})
