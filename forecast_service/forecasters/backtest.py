"""How good the forecasts of a series would have been lately: a rolling backtest, beside "the same hour yesterday"."""

from dataclasses import dataclass

import numpy as np

from forecast_service.forecasters.base import (
    DAY,
    Floats,
    History,
    NothingToForecastFrom,
)
from forecast_service.forecasters.choose import answer
from forecast_service.forecasters.seasonal_naive import YESTERDAY

DAYS = 7


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Mean absolute scaled error (Hyndman & Koehler 2006) and share of hours inside the intervals, over `hours` hours.

    The scale is the error of "the same hour yesterday" over the whole history, so `mase_baseline`, the same figure for that
    method on the same hours, is near 1. None where nothing could be measured.
    """

    mase: float | None = None
    mase_baseline: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None
    hours: int = 0


def backtest(history: History, zone: str, *, days: int = DAYS) -> Accuracy:
    """Forecast each of the last `days` days from what was known at its beginning, and compare with what came."""
    values = history.values
    scale = _mean(np.abs(values[DAY:] - values[:-DAY]))
    if not scale:
        return Accuracy()
    errors, baseline, inside_80, inside_95 = [], [], [], []
    for day in range(1, days + 1):
        cut = len(values) - DAY * day
        if cut < 2 * DAY:
            break
        past, came = history.before(DAY * day), values[cut : cut + DAY]
        try:
            told = answer(past, DAY, zone).forecast
        except NothingToForecastFrom:
            break
        known = ~np.isnan(came)
        came = came[known]
        naive = YESTERDAY.forecast(past, DAY, zone)
        errors.append(np.abs(came - told.mean[known]))
        baseline.append(np.abs(came - naive.mean[known]))
        inside_80.append((came >= told.lower_80[known]) & (came <= told.upper_80[known]))
        inside_95.append((came >= told.lower_95[known]) & (came <= told.upper_95[known]))
    if not errors or not sum(map(len, errors)):
        return Accuracy()
    return Accuracy(
        mase=float(np.concatenate(errors).mean() / scale),
        mase_baseline=float(np.concatenate(baseline).mean() / scale),
        coverage_80=float(np.concatenate(inside_80).mean()),
        coverage_95=float(np.concatenate(inside_95).mean()),
        hours=sum(map(len, errors)),
    )


def _mean(sizes: Floats) -> float:
    known = sizes[~np.isnan(sizes)]
    return float(known.mean()) if len(known) else 0.0
