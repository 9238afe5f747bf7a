"""A second opinion that knows no forecast: scikit-learn's IsolationForest (Liu et al. 2008) on daily profiles."""

import numpy as np

from forecast_service.forecasters.base import DAY, History
from forecast_service.forecasters.regressors import fill_gaps

DAYS, FEWEST_DAYS, TREES = 84, 21, 100


def oddness(history: History) -> float | None:
    """Share of the days before that are less odd than the last 24 hours; None with fewer than three weeks of days."""
    values = fill_gaps(history.values[None])[0]
    days = values[len(values) % DAY :].reshape(-1, DAY)[-DAYS:]
    if len(days) < FEWEST_DAYS:
        return None
    from sklearn.ensemble import IsolationForest  # 100 MB that only a worker with something to judge needs

    forest = IsolationForest(n_estimators=TREES, random_state=0).fit(days[:-1])
    scores = forest.score_samples(days)
    return float(np.mean(scores[:-1] > scores[-1]))
