"""Past forecasts held against what came, beside what the naive ones would have said from the same origins."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forecast_service.forecasters.base import LONGEST_HORIZON, Floats, Forecast, History, Place
from forecast_service.forecasters.seasonal_naive import LAST_WEEK, YESTERDAY

# Hours ahead, from (exclusive) and to (inclusive).
BUCKETS = ((0, 6), (6, 24), (24, 72), (72, LONGEST_HORIZON))


@dataclass(frozen=True, slots=True)
class Score:
    """Over the hours that have come, `from_hour` < hours ahead <= `to_hour`.

    mae_kwh: mean absolute error of an hour. mase: the same in units of the error of "the same hour yesterday" over the whole
    history; mase_yesterday, mase_last_week: of the naive forecasts from the same origins. bias: share by which the forecasts
    were too high (negative: too low). coverage: share of hours inside the interval. None where no hour has come.
    """

    from_hour: int
    to_hour: int
    hours: int
    mae_kwh: float | None = None
    mase: float | None = None
    mase_yesterday: float | None = None
    mase_last_week: float | None = None
    bias: float | None = None
    coverage_80: float | None = None
    coverage_95: float | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """Forecasts beside what came: each array of shape (forecasts, LONGEST_HORIZON), NaN where unknown."""

    came: Floats
    told: Floats
    yesterday: Floats
    last_week: Floats
    inside_80: Floats
    inside_95: Floats

    def of(self, rows: Sequence[int]) -> "Held":
        picked = list(rows)
        return Held(
            *(
                one[picked]
                for one in (self.came, self.told, self.yesterday, self.last_week, self.inside_80, self.inside_95)
            )
        )


def hold(forecasts: Sequence[tuple[int, Forecast]], history: History, place: Place) -> Held:
    """forecasts: each with its origin, as number of hours since the start of the history (more than a day of it)."""
    shape = (len(forecasts), LONGEST_HORIZON)
    came, told, yesterday, last_week, inside_80, inside_95 = (np.full(shape, np.nan) for _ in range(6))
    for row, (origin, forecast) in enumerate(forecasts):
        arrived = history.values[origin : origin + LONGEST_HORIZON]
        count = min(len(arrived), len(forecast.mean))
        came[row, :count] = arrived[:count]
        told[row, : len(forecast.mean)] = forecast.mean
        before = history.before(len(history.values) - origin)
        yesterday[row] = YESTERDAY.forecast(before, LONGEST_HORIZON, place).mean
        naive = LAST_WEEK if origin >= LAST_WEEK.season else YESTERDAY
        last_week[row] = naive.forecast(before, LONGEST_HORIZON, place).mean
        for inside, low, high in (
            (inside_80, forecast.lower_80, forecast.upper_80),
            (inside_95, forecast.lower_95, forecast.upper_95),
        ):
            actual = came[row, : len(low)]
            inside[row, : len(low)] = np.where(np.isnan(actual), np.nan, (actual >= low) & (actual <= high))
    return Held(came, told, yesterday, last_week, inside_80, inside_95)


def score(held: Held, scale: float, from_hour: int = 0, to_hour: int = LONGEST_HORIZON) -> Score:
    """scale: `backtest.scale` of the history, kWh."""
    ahead = slice(from_hour, to_hour)
    came, told = held.came[:, ahead], held.told[:, ahead]
    known = ~np.isnan(came) & ~np.isnan(told)
    hours = int(known.sum())
    if not hours:
        return Score(from_hour, to_hour, 0)

    def error(of: Floats) -> float:
        return float(np.abs(of[:, ahead][known] - came[known]).mean())

    def scaled(of: Floats) -> float | None:
        return error(of) / scale if scale else None

    energy = float(np.abs(came[known]).sum())
    return Score(
        from_hour=from_hour,
        to_hour=to_hour,
        hours=hours,
        mae_kwh=error(held.told),
        mase=scaled(held.told),
        mase_yesterday=scaled(held.yesterday),
        mase_last_week=scaled(held.last_week),
        bias=float((told - came)[known].sum()) / energy if energy else None,
        coverage_80=float(held.inside_80[:, ahead][known].mean()),
        coverage_95=float(held.inside_95[:, ahead][known].mean()),
    )
