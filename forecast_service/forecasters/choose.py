"""Which forecaster answers, and, when it is not the one that should, why: no case ends in an exception or a NaN."""

from dataclasses import dataclass, fields

import numpy as np

from forecast_service.forecasters.base import (
    DAY,
    LONGEST_HISTORY,
    Forecast,
    Forecaster,
    History,
    NothingToForecastFrom,
)
from forecast_service.forecasters.sarimax import RegressionSarimax
from forecast_service.forecasters.seasonal_naive import YESTERDAY


@dataclass(frozen=True, slots=True)
class Answer:
    """model: the forecaster that answered. fallback: None, or why a simpler one did."""

    model: str
    forecast: Forecast
    fallback: str | None


def answer(history: History, horizon: int, zone: str, *, forecaster: Forecaster | None = None) -> Answer:
    """The forecast of the `horizon` hours after the history, whose last hour is known.

    Raises NothingToForecastFrom when fewer than 24 hours of it are.
    """
    forecaster = forecaster or RegressionSarimax()
    history = from_first_known(history.last(LONGEST_HISTORY))
    known = history.known
    if known < DAY:
        raise NothingToForecastFrom(
            f"{known} complete hours are known in the last 12 weeks; a forecast needs at least {DAY}. "
            "Try again when more have arrived."
        )
    low, high = float(np.nanmin(history.values)), float(np.nanmax(history.values))
    if low == high:
        told = Forecast.certain(low, horizon)
        return Answer(
            "constant",
            told,
            f"each of the {known} known hours holds the same value, {low:g} kWh",
        )
    if known < forecaster.minimum_history:
        too_few = f"{known} complete hours are known; {forecaster.name} needs {forecaster.minimum_history}"
        return Answer(YESTERDAY.name, YESTERDAY.forecast(history, horizon, zone), too_few)
    reason: str | None
    try:
        told = forecaster.forecast(history, horizon, zone)
        reason = None if is_finite(told) else f"{forecaster.name} gave no finite number on this history"
    except np.linalg.LinAlgError as error:
        reason = f"{forecaster.name} cannot be fitted to this history ({error})"
    if reason is None:
        return Answer(forecaster.name, told, None)
    return Answer(YESTERDAY.name, YESTERDAY.forecast(history, horizon, zone), reason)


def from_first_known(history: History) -> History:
    known = np.flatnonzero(~np.isnan(history.values))
    return history.last(len(history.values) - int(known[0])) if len(known) else history


def is_finite(told: Forecast) -> bool:
    return all(np.isfinite(getattr(told, field.name)).all() for field in fields(told))
