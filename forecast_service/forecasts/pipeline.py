"""From the hours of a population to its forecast. Reads the hours, computes, writes nothing."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone

from forecast_service.forecasters.backtest import Accuracy, backtest
from forecast_service.forecasters.base import LONGEST_HISTORY, Floats, Forecast, History
from forecast_service.forecasters.choose import answer, from_first_known
from forecast_service.forecasters.regressors import fill_gaps
from forecast_service.forecasts.scopes import Population
from forecast_service.hours.queries import values_of


@dataclass(frozen=True, slots=True)
class Issue:
    """A forecast with everything that an answer says of it."""

    population: Population
    model: str
    fallback: str | None
    issued_at: datetime
    forecast: Forecast
    accuracy: Accuracy


def make_forecast(population: Population, *, horizon: int, accuracy: Accuracy | None = None) -> Issue:
    """Forecast the hours after `population.until`; without a given `accuracy` it is measured by a backtest.

    Raises NothingToForecastFrom.
    """
    history = history_of(population)
    answered = answer(history, horizon, population.place)
    return Issue(
        population=population,
        model=answered.model,
        fallback=answered.fallback,
        issued_at=timezone.now(),
        forecast=answered.forecast,
        accuracy=backtest(history, population.place) if accuracy is None else accuracy,
    )


def history_of(population: Population) -> History:
    """The sum of the members' hours."""
    ids = [member.device.pk for member in population.members]
    values = values_of(ids, until=population.until, hours=LONGEST_HISTORY)
    history = History(population.until - timedelta(hours=LONGEST_HISTORY), total(values))
    return from_first_known(history)


def total(values: Floats) -> Floats:
    """Sum over the members (shape: members, hours).

    Where only some are known, the others are taken from the same hour of their own other days: left out, they would look like
    energy saved. A member that joined later is continued backwards the same way.
    """
    if len(values) == 1:
        return values[0]
    known = ~np.isnan(values)
    alive = known.any(axis=1)
    if not alive.any():
        return values[0]
    return np.where(known.any(axis=0), fill_gaps(values[alive]).sum(axis=0), np.nan)


def columns(forecast: Forecast) -> dict[str, list[float]]:
    """The forecast's arrays by their names in rows and answers."""
    named = {field.name: getattr(forecast, field.name).tolist() for field in fields(forecast)}
    named["kwh"] = named.pop("mean")
    return named
