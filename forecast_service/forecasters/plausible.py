"""What holds whatever the model: an absurd hour is no habit, and where the sun never shone it will not shine."""

import numpy as np

from forecast_service.forecasters.base import DAY, Floats
from forecast_service.forecasters.calendar import Hours

# An hour this many times the 99% quantile of the hours with energy is a broken reading, not a habit.
BROKEN = 20.0
NIGHT_DAYS, NIGHT_KNOWN = 28, 7


def without_broken(values: Floats) -> Floats:
    """Hours that no habit explains become unknown: least squares would bend to a single x1000 spike."""
    size = np.where(np.abs(values) > 0, np.abs(values), np.nan)
    with_energy = ~np.isnan(size).all(axis=1)
    if not with_energy.any():
        return values
    limit = np.full(len(values), np.inf)
    limit[with_energy] = BROKEN * np.nanquantile(size[with_energy], 0.99, axis=1)
    return np.where(np.abs(values) > limit[:, None], np.nan, values)


def always_zero(values: Floats, horizon: int) -> Hours:
    """Hours ahead (meters, horizon) whose hour of the day was zero on each known day of the last four weeks: solar at night."""
    hours = values.shape[1]
    recent = values[:, max(hours - NIGHT_DAYS * DAY, hours % DAY) :]
    recent = recent[:, recent.shape[1] % DAY :].reshape(len(values), -1, DAY)
    known = ~np.isnan(recent)
    dark = ((recent == 0) | ~known).all(axis=1) & (known.sum(axis=1) >= NIGHT_KNOWN)
    # The reshaped days end with the history, so hour 0 of them is the first hour ahead.
    return dark[:, np.arange(horizon) % DAY]
