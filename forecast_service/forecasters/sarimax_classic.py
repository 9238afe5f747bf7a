"""SARIMAX(1,1,1)(1,1,1,24) by maximum likelihood: the textbook's model, a thousand times as dear as ours, as the one to beat."""

import warnings
from dataclasses import dataclass

import numpy as np

from forecast_service.forecasters.base import DAY, Forecast, History, Place
from forecast_service.forecasters.plausible import without_broken
from forecast_service.forecasters.regressors import fill_gaps
from forecast_service.forecasters.wallclock import to_wall

HISTORY = 28 * DAY
MOST_ITERATIONS = 50


@dataclass(frozen=True, slots=True)
class ClassicSarimax:
    """On the last 28 days; a longer history takes minutes."""

    name: str = "sarimax_classic"
    minimum_history: int = 8 * DAY

    def forecast(self, history: History, horizon: int, place: Place) -> Forecast:
        from statsmodels.tools.sm_exceptions import ConvergenceWarning
        from statsmodels.tsa.statespace.sarimax import SARIMAX

        _, values, places = to_wall(history.last(HISTORY), horizon, place.zone)
        filled = fill_gaps(without_broken(values[None]))[0]
        scale = float(np.abs(filled).mean()) or 1.0
        model = SARIMAX(filled / scale, order=(1, 1, 1), seasonal_order=(1, 1, 1, DAY), simple_differencing=False)
        with warnings.catch_warnings():
            # The optimiser's best after so many steps is this model's answer, converged or not.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", UserWarning)
            told = model.fit(disp=False, maxiter=MOST_ITERATIONS).get_forecast(int(places[-1]) + 1)
        ends = np.concatenate([told.conf_int(alpha=0.05), told.conf_int(alpha=0.2)], axis=1)[:, [0, 2, 3, 1]]
        net = bool(np.nanmin(values) < 0)
        return Forecast.ordered(told.predicted_mean[places] * scale, ends[places] * scale, floor=None if net else 0.0)
