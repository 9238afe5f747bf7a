"""The same forecast through statsmodels' state space model, as the yardstick of the numpy recursion.

Importing it costs a CPU-second and 180 MB, so no web process does.
"""

import numpy as np
from statsmodels.tsa.statespace.sarimax import SARIMAX

from forecast_service.forecasters.base import Floats
from forecast_service.forecasters.sarimax import ORDER, Fitted


def state_space(fitted: Fitted, z: Floats, tail: Floats, ahead: Floats) -> tuple[Floats, Floats]:
    """An `Engine`: see forecasters.sarimax."""
    means, deviations = [], []
    for meter in range(len(z)):
        parameters = np.concatenate(
            [
                fitted.coefficients[meter],
                fitted.autoregressive[meter],
                fitted.variance[meter : meter + 1],
            ]
        )
        model = SARIMAX(z[meter], exog=tail[meter], order=(ORDER, 0, 0), enforce_stationarity=False)
        told = model.filter(parameters, cov_type="none").get_forecast(ahead.shape[1], exog=ahead[meter])
        means.append(told.predicted_mean)
        deviations.append(told.se_mean)
    return np.stack(means), np.stack(deviations)
