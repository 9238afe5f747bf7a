"""The forecaster in the signature that the panel of real series wants: pandas in, pandas out, UTC."""

import dataclasses

import pandas as pd
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from forecast_service.forecasters.base import Forecast, History, Place
from forecast_service.forecasters.sarimax import RegressionSarimax

# The panel has imported numpy before this package could ask for a single thread, as the services run with.
threadpool_limits(limits=1, user_api="blas")


def forecast(history: pd.Series, horizon: int) -> pd.DataFrame:
    """history: hourly energy with a UTC index, NaN where unknown. One row an hour: mean, lower_80 ... upper_95."""
    told = RegressionSarimax().forecast(as_history(history), horizon, Place())
    return as_frame(told)


def as_history(series: pd.Series) -> History:
    start = pd.Timestamp(series.index[0]).to_pydatetime()
    return History(start, series.to_numpy(dtype=float))


def as_frame(told: Forecast) -> pd.DataFrame:
    return pd.DataFrame({field.name: getattr(told, field.name) for field in dataclasses.fields(told)})
