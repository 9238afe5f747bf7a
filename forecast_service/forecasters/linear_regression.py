"""Ordinary least squares on the regressors of the SARIMAX model: what its log, weights and errors are worth is seen beside it."""

from dataclasses import dataclass

import numpy as np

from forecast_service.forecasters.base import DAY, Floats, Forecast, History, Place
from forecast_service.forecasters.regression import forecast_with


@dataclass(frozen=True, slots=True)
class LinearRegression:
    name: str = "linear_regression"
    minimum_history: int = 8 * DAY

    def forecast(self, history: History, horizon: int, place: Place) -> Forecast:
        return forecast_with(least_squares, history, horizon, place)


def least_squares(x: Floats, y: Floats, ahead: Floats) -> tuple[Floats, Floats]:
    """A `Learner`; its errors are those of leaving each hour out (residual / (1 - leverage))."""
    left, sizes, right = np.linalg.svd(x, full_matrices=False)
    kept = sizes > 1e-8 * sizes[0]
    left, right = left[:, kept], right[kept] / sizes[kept, None]
    coefficients = right.T @ (left.T @ y)
    leverage = np.minimum(np.einsum("hr,hr->h", left, left), 0.9)
    return (y - x @ coefficients) / (1 - leverage), ahead @ coefficients
