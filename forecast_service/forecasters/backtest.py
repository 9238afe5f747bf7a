"""How good the forecasts of a series would have been lately, by each forecaster, and which one `auto` therefore takes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.forecasters.base import DAY, Floats, Forecaster, History, Place
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import SARIMAX, Answer
from forecast_service.forecasters.seasonal_naive import YESTERDAY

DAYS = 7
# A week of errors is a small sample: another forecaster must be better by this share, or the choice would follow chance.
CLEARLY = 0.05


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


@dataclass(frozen=True, slots=True)
class Choice:
    """`model` is the name of a forecaster, `errors` what each candidate's backtest gave."""

    model: str
    reason: str
    errors: Mapping[str, Accuracy]


@dataclass(slots=True)
class _Sums:
    """Over the hours compared: errors of the forecaster and of "the same hour yesterday", hours inside the intervals."""

    error: float = 0.0
    baseline: float = 0.0
    inside_80: int = 0
    inside_95: int = 0
    hours: int = 0

    def add(self, told: Answer, naive: Floats, came: Floats) -> None:
        known, forecast = ~np.isnan(came), told.forecast
        came = came[known]
        self.error += float(np.abs(came - forecast.mean[known]).sum())
        self.baseline += float(np.abs(came - naive[known]).sum())
        self.inside_80 += int(np.sum((came >= forecast.lower_80[known]) & (came <= forecast.upper_80[known])))
        self.inside_95 += int(np.sum((came >= forecast.lower_95[known]) & (came <= forecast.upper_95[known])))
        self.hours += len(came)

    def accuracy(self, scale: float) -> Accuracy:
        if not scale or not self.hours:
            return Accuracy()
        return Accuracy(
            mase=self.error / self.hours / scale,
            mase_baseline=self.baseline / self.hours / scale,
            coverage_80=self.inside_80 / self.hours,
            coverage_95=self.inside_95 / self.hours,
            hours=self.hours,
        )


def backtest(history: History, place: Place, *, forecaster: Forecaster = SARIMAX, days: int = DAYS) -> Accuracy:
    """Forecast each of the last `days` days from what was known at its beginning, and compare with what came."""
    return backtest_each([history], place, [forecaster], days=days)[0][forecaster.name]


def backtest_each(
    histories: Sequence[History], place: Place, candidates: Sequence[Forecaster], *, days: int = DAYS
) -> list[dict[str, Accuracy]]:
    """`backtest` of each history by each candidate, by name."""
    sums = [{one.name: _Sums() for one in candidates} for _ in histories]
    for day in range(1, days + 1):
        past = {n: one.before(DAY * day) for n, one in enumerate(histories) if len(one.values) >= DAY * (day + 2)}
        past = {n: before for n, before in past.items() if before.known >= DAY}
        naive = {n: YESTERDAY.forecast(before, DAY, place).mean for n, before in past.items()}
        for forecaster in candidates:
            told = answer_each(list(past.values()), DAY, place, forecaster=forecaster)
            for (number, before), answered in zip(past.items(), told, strict=True):
                if isinstance(answered, Answer):
                    came = histories[number].values[len(before.values) :][:DAY]
                    sums[number][forecaster.name].add(answered, naive[number], came)
    scales = [scale(history.values) for history in histories]
    return [{name: one.accuracy(size) for name, one in own.items()} for own, size in zip(sums, scales, strict=True)]


def choose_each(
    histories: Sequence[History], place: Place, candidates: Sequence[Forecaster], *, days: int = DAYS
) -> list[Choice]:
    """For each history the candidate with the smallest backtested error; the first of them unless another is clearly better."""
    return [choose(errors) for errors in backtest_each(histories, place, candidates, days=days)]


def choose(errors: Mapping[str, Accuracy]) -> Choice:
    """By what each candidate's backtest gave, the standard one first."""
    standard, *_ = errors
    measured = {name: one.mase for name, one in errors.items() if one.mase is not None}
    own = measured.get(standard)
    if own is None:
        return Choice(standard, f"{standard}: there is too little history for a backtest", errors)
    best = min(measured, key=lambda name: measured[name])
    days = errors[standard].hours / DAY
    if measured[best] < (1 - CLEARLY) * own:
        taken, said = best, f"clearly smaller than {standard}'s {own:.3f}"
    else:
        others = [name for name in measured if name != standard]
        second = min(others, key=lambda name: measured[name], default=None)
        against = f"{second}'s {measured[second]:.3f}" if second else "nothing: no other was tried"
        taken, said = standard, f"against {against}; another is taken when it is {CLEARLY:.0%} better"
    return Choice(taken, f"{taken}: error {measured[taken]:.3f} in a backtest of {days:.3g} days, {said}", errors)


def scale(values: Floats) -> float:
    """Mean absolute error of "the same hour yesterday" over the history, kWh; 0 where nothing can be compared."""
    sizes = np.abs(values[DAY:] - values[:-DAY])
    known = sizes[~np.isnan(sizes)]
    return float(known.mean()) if len(known) else 0.0
