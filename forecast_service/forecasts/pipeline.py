"""From the hours of populations to their forecasts. Reads the hours, computes, writes nothing."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
from django.utils import timezone

from forecast_service.forecasters.backtest import Accuracy, backtest
from forecast_service.forecasters.base import (
    LONGEST_HISTORY,
    Floats,
    Forecast,
    History,
    NothingToForecastFrom,
    Place,
)
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import FORECASTERS, HEAVY, SARIMAX, WITH_REGRESSORS, Answer, from_first_known
from forecast_service.forecasters.regressors import fill_gaps
from forecast_service.forecasters.weather import said
from forecast_service.forecasts.scopes import Population
from forecast_service.forecasts.weather import in_their_weather
from forecast_service.hours.queries import values_of
from forecast_service.training.choosing import accuracy_of, choose_for
from forecast_service.training.models import SavedModel
from forecast_service.training.queries import Key, key


@dataclass(frozen=True, slots=True)
class Issue:
    """A forecast with everything that an answer says of it. reason: why this model forecasts; empty when nobody chose yet."""

    population: Population
    model: str
    reason: str
    fallback: str | None
    issued_at: datetime
    forecast: Forecast
    accuracy: Accuracy


@dataclass(frozen=True, slots=True)
class Made:
    """Of each population, in their order, its history and its forecast or why there is none; and the choices made on the way."""

    histories: list[History]
    outcomes: list[Issue | NothingToForecastFrom]
    chosen: list[SavedModel]


def make_forecasts(populations: Sequence[Population], models: Mapping[Key, SavedModel], *, horizon: int) -> Made:
    """Forecast the hours after each population's `until`, by the model chosen now, else by its saved one, else SARIMAX.

    Where the temperature of a population's place is to be of use, it is there already.
    """
    histories = histories_of(populations)
    chosen = choose_for(populations, histories, models)
    used = [chosen.get(key(one)) or models.get(key(one)) for one in populations]
    alike: dict[tuple[Place, str], list[int]] = defaultdict(list)
    for number, (population, model) in enumerate(zip(populations, used, strict=True)):
        alike[population.place, model.forecaster if model else SARIMAX.name].append(number)
    outcomes: dict[int, Issue | NothingToForecastFrom] = {}
    for (place, name), numbers in alike.items():
        answers = answer_each([histories[one] for one in numbers], horizon, place, forecaster=FORECASTERS[name])
        for number, told in zip(numbers, answers, strict=True):
            if isinstance(told, Answer):
                model = used[number]
                accuracy, reason = accuracy_of(model, told.model) or Accuracy(), model.reason if model else ""
                outcomes[number] = as_issue(populations[number], histories[number], told, reason, accuracy)
            else:
                outcomes[number] = told
    return Made(histories, [outcomes[number] for number in range(len(populations))], list(chosen.values()))


def forecast_now(population: Population, model: SavedModel | None, *, horizon: int) -> Issue:
    """One forecast while somebody waits for it. Raises NothingToForecastFrom.

    A forecaster that takes seconds leaves the answer to the standard one until the workers have done it.
    """
    (population,), (history,) = in_their_weather([population]), histories_of([population])
    chosen = FORECASTERS[model.forecaster] if model else SARIMAX
    heavy = chosen in HEAVY
    told = answer_each([history], horizon, population.place, forecaster=SARIMAX if heavy else chosen)[0]
    if isinstance(told, NothingToForecastFrom):
        raise told
    accuracy = accuracy_of(model, told.model) or backtest(history, population.place)
    issue = as_issue(population, history, told, model.reason if model else "", accuracy)
    if not heavy or told.fallback:
        return issue
    waits = f"{chosen.name} takes seconds and is on its way; {told.model} answers until then"
    return Issue(population, told.model, issue.reason, waits, issue.issued_at, told.forecast, accuracy)


def as_issue(population: Population, history: History, told: Answer, reason: str, accuracy: Accuracy) -> Issue:
    if told.model in WITH_REGRESSORS:
        weather = said(population.place, history, len(told.forecast.mean))
        reason = "; ".join(part for part in (reason, weather) if part)
    return Issue(population, told.model, reason, told.fallback, timezone.now(), told.forecast, accuracy)


def histories_of(populations: Sequence[Population], *, hours: int = LONGEST_HISTORY) -> list[History]:
    """The sum of each population's members over the `hours` before its end, in one query."""
    until = max(one.until for one in populations)
    span = hours + max(int((until - one.until) // timedelta(hours=1)) for one in populations)
    devices = list(dict.fromkeys(member.id for one in populations for member in one.members))
    row_of = {device_id: row for row, device_id in enumerate(devices)}
    values = values_of(devices, until=until, hours=span)
    found = []
    for one in populations:
        end = span - int((until - one.until) // timedelta(hours=1))
        own = values[[row_of[member.id] for member in one.members], end - hours : end]
        found.append(from_first_known(History(one.until - timedelta(hours=hours), total(own))))
    return found


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
