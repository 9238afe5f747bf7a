"""A random forest (Breiman 2001) on the regressors of the SARIMAX model."""

from dataclasses import dataclass

from forecast_service.forecasters.base import DAY, Floats, Forecast, History, Place
from forecast_service.forecasters.regression import forecast_with

TREES, SMALLEST_LEAF, SHARE_OF_REGRESSORS = 60, 5, 0.4


@dataclass(frozen=True, slots=True)
class RandomForest:
    name: str = "random_forest"
    minimum_history: int = 14 * DAY

    def forecast(self, history: History, horizon: int, place: Place) -> Forecast:
        return forecast_with(forest, history, horizon, place)


def forest(x: Floats, y: Floats, ahead: Floats) -> tuple[Floats, Floats]:
    """A `Learner`; its errors are out of bag: each hour is told by the trees that have not seen it."""
    from sklearn.ensemble import RandomForestRegressor  # 100 MB that only a worker which grows forests needs

    model = RandomForestRegressor(
        TREES, min_samples_leaf=SMALLEST_LEAF, max_features=SHARE_OF_REGRESSORS, oob_score=True, random_state=0
    )
    model.fit(x, y)
    return y - model.oob_prediction_, model.predict(ahead)
