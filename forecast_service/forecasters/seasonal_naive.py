"""The same hour yesterday, and the same hour last week: what every other forecaster has to beat."""

from dataclasses import dataclass

import numpy as np

from forecast_service.forecasters.base import (
    DAY,
    PROBABILITIES,
    WEEK,
    Forecast,
    History,
    Place,
)
from forecast_service.forecasters.regressors import fill_gaps
from forecast_service.forecasters.wallclock import to_wall

# Of the standard normal, at PROBABILITIES.
NORMAL = np.array([-1.959964, -1.281552, 1.281552, 1.959964])
assert len(NORMAL) == len(PROBABILITIES)


@dataclass(frozen=True, slots=True)
class SeasonalNaive:
    """The last season again and again, as wide as its past errors (Hyndman & Athanasopoulos, section 5.5)."""

    season: int

    @property
    def name(self) -> str:
        return f"seasonal_naive_{self.season}"

    @property
    def minimum_history(self) -> int:
        return self.season

    def forecast(self, history: History, horizon: int, place: Place) -> Forecast:
        _, values, places = to_wall(history, horizon, place.zone)
        filled = fill_gaps(values[None])[0]
        ahead = np.arange(int(places[-1]) + 1)
        mean = filled[-self.season :][ahead % self.season]
        errors = values[self.season :] - values[: -self.season]
        errors = errors[~np.isnan(errors)]
        typical = float(np.sqrt(np.mean(errors**2))) if len(errors) else float(np.nanstd(values))
        spread = typical * np.sqrt(ahead // self.season + 1)
        quantiles = mean[:, None] + spread[:, None] * NORMAL
        net = bool(np.nanmin(values) < 0)
        return Forecast.ordered(mean[places], quantiles[places], floor=None if net else 0.0)


YESTERDAY, LAST_WEEK = SeasonalNaive(DAY), SeasonalNaive(WEEK)
