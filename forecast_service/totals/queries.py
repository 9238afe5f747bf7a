"""Totals of days, weeks and months: what is known of them, what is still to come, and how past ones had been told."""

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from forecast_service.forecasters.base import (
    DAY,
    LONGEST_HISTORY,
    History,
    NothingToForecastFrom,
    Place,
    Temperature,
)
from forecast_service.forecasters.choose import since_first_use
from forecast_service.forecasters.paths import has_model, simulate
from forecast_service.forecasters.regressors import fill_gaps
from forecast_service.forecasters.weather import said
from forecast_service.forecasts.pipeline import histories_of
from forecast_service.forecasts.scopes import Population
from forecast_service.forecasts.weather import in_their_weather
from forecast_service.totals.periods import HOUR, Name, Period, period_at, periods_before, shares

PAST: dict[Name, int] = {"day": 7, "week": 4, "month": 3}
LONGEST: dict[Name, int] = {"day": 25, "week": 7 * DAY + 1, "month": 31 * DAY + 1}
LOWER, MIDDLE, UPPER = 0.1, 0.5, 0.9
# A past period with fewer of its hours known is not held against what had been told.
COMPLETE = 0.95


@dataclass(frozen=True, slots=True)
class Total:
    """kWh. told_from: the end of the history that the prediction rests on. actual_kwh: of the hours known, None without any.

    completeness: share of the period's hours that are known.
    """

    start: datetime
    end: datetime
    told_from: datetime
    predicted_kwh: float
    lower_80: float
    upper_80: float
    actual_kwh: float | None
    completeness: float


@dataclass(frozen=True, slots=True)
class PastAccuracy:
    """error: mean absolute error of the complete past periods as a share of their energy."""

    periods: int
    error: float | None
    coverage_80: float | None


@dataclass(frozen=True, slots=True)
class Totals:
    """reason: whether the plant's temperature was of use for the running period, and if not, why; empty where there is none."""

    running: Total
    past: list[Total]
    accuracy: PastAccuracy
    reason: str


def totals(population: Population, name: Name) -> Totals:
    """The period that holds the first hour not known yet, and those before it as they would have been told at their beginning."""
    hours = LONGEST_HISTORY + (PAST[name] + 1) * LONGEST[name]
    (population,) = in_their_weather([population], history=hours, ahead=LONGEST[name])
    (history,) = histories_of([population], hours=hours)
    running = period_at(name, population.until, population.clock)
    now = _total(history, running, population.place)
    past = []
    for period in periods_before(name, running, PAST[name], population.clock):
        back = int(-((period.start - history.end) // HOUR))
        try:
            past.append(_total(history.before(back), period, _as_then(population.place, back), history))
        except (NothingToForecastFrom, ValueError):
            break  # before the history
    seen = since_first_use(history.last(LONGEST_HISTORY))
    reason = said(population.place, seen, _hours_to_end(seen, running)) if has_model(seen) else ""
    return Totals(now, past, _accuracy(past), reason)


def _as_then(place: Place, back: int) -> Place:
    """As it was known so many hours ago, had the temperature been known as far ahead as it is now."""
    if place.temperature is None:
        return place
    start, values = place.temperature.start, place.temperature.values
    known = int(np.flatnonzero(~np.isnan(values))[-1]) + 1
    return replace(place, temperature=Temperature(start, values[: max(known - back, 0)]))


def _hours_to_end(told_from: History, period: Period) -> int:
    return max(int(np.ceil((period.end - told_from.end) / HOUR)), 1)


def _total(told_from: History, period: Period, place: Place, whole: History | None = None) -> Total:
    """told_from: the history that is known when the prediction is made; whole: all that has come since."""
    whole = whole or told_from
    before = shares(period, told_from.start, len(told_from.values))
    filled = fill_gaps(told_from.values[None])[0]
    ahead = _hours_to_end(told_from, period)
    paths = simulate(told_from, ahead, place) @ shares(period, told_from.end, ahead)
    lower, middle, upper = np.quantile(paths, (LOWER, MIDDLE, UPPER)) + float(filled @ before)
    share = shares(period, whole.start, len(whole.values))
    known = ~np.isnan(whole.values) & (share > 0)
    return Total(
        start=period.start,
        end=period.end,
        told_from=told_from.end,
        predicted_kwh=float(middle),
        lower_80=float(lower),
        upper_80=float(upper),
        actual_kwh=float((whole.values[known] * share[known]).sum()) if known.any() else None,
        completeness=float(share[known].sum() / ((period.end - period.start) / HOUR)),
    )


def _accuracy(past: list[Total]) -> PastAccuracy:
    whole = [(one, one.actual_kwh) for one in past if one.actual_kwh is not None and one.completeness >= COMPLETE]
    energy = sum(abs(actual) for _, actual in whole)
    if not whole:
        return PastAccuracy(0, None, None)
    missed = sum(abs(one.predicted_kwh - actual) for one, actual in whole)
    inside = sum(one.lower_80 <= actual <= one.upper_80 for one, actual in whole)
    return PastAccuracy(len(whole), missed / energy if energy else None, inside / len(whole))
