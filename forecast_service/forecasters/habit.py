"""What is usual at an hour of the week, whatever happened lately: days ahead it knows something that the regression does not."""

import numpy as np

from forecast_service.forecasters.base import DAY, Floats
from forecast_service.forecasters.calendar import Hours

# Settled on 726 origins between the panel's, and held against M4's trends, in which what was usual no longer holds.
DAYS, SHARE = 21, 0.5


def usual(filled: Floats, free: Hours, horizon: int) -> Floats:
    """Median of the last three weeks' days of the same kind, free or not, at each hour ahead: shape (meters, horizon).

    filled: shape (meters, hours) without NaN, at least a day. free: of these hours and those ahead.
    """
    meters, hours = filled.shape
    days = min(DAYS, hours // DAY)
    recent = filled[:, hours - days * DAY :].reshape(meters, days, DAY)
    was_free, is_free = free[hours - days * DAY : hours].reshape(days, DAY), free[hours : hours + horizon]
    out, clock = np.empty((meters, horizon)), np.arange(DAY)
    for kind in (False, True):
        # Where no day of the kind is known, all of them speak for it.
        alike = (was_free == kind) | ~(was_free == kind).any(axis=0)
        # The days of the other kind come last; numpy's nanmedian takes twenty times as long.
        ranked, count = np.sort(np.where(alike, recent, np.inf), axis=1), alike.sum(axis=0)
        middle = (ranked[:, (count - 1) // 2, clock] + ranked[:, count // 2, clock]) / 2
        ahead = np.flatnonzero(is_free == kind)
        out[:, ahead] = middle[:, ahead % DAY]
    return out


def toward(usual: Floats, expected: Floats, deviation: Floats) -> Floats:
    """How far the expected value moves toward what is usual, all (meters, horizon).

    Half the way when both are near each other, and the less of it the less the model takes the usual for possible: where a level
    has changed or trends, the weeks before are no guide. Never more than a quarter of the deviation.
    """
    way = usual - expected
    certainty = deviation**2
    return np.asarray(SHARE * way * certainty / (certainty + way**2 + 1e-300), dtype=float)
