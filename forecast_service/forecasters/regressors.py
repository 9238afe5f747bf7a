"""Regressors of the hourly regression, all known at the origin.

Everything works on many meters at once: `z` has the shape (meters, hours), on the hours of the wall clock.
"""

import numpy as np
from numpy.typing import NDArray

from forecast_service.forecasters.base import DAY, WEEK, Floats
from forecast_service.forecasters.calendar import Hours

SAME_WEEKDAYS, WEEKDAY_DECAY = 6, 0.8
# The far model's daily regressors are this old already in training, because ahead of the origin they are.
FAR_DELAY = 3 * DAY


def fill_gaps(z: Floats) -> Floats:
    """Unknown hours take the same hour of the nearest earlier day that has it, else of the next later one.

    Never a line across the gap: that would interpolate a day away. An hour of the day that is never known takes the mean.
    """
    unknown = np.isnan(z)
    if not unknown.any():
        return z
    meters, hours = z.shape
    pad = -hours % DAY
    days = np.concatenate([np.full((meters, pad), np.nan), z], axis=1).reshape(meters, -1, DAY)
    known = ~np.isnan(days)
    count = days.shape[1]
    number = np.arange(count)[None, :, None]
    earlier = np.maximum.accumulate(np.where(known, number, -1), axis=1)
    later = np.minimum.accumulate(np.where(known, number, count)[:, ::-1], axis=1)[:, ::-1]
    source = np.where(earlier >= 0, earlier, np.minimum(later, count - 1))
    filled = np.take_along_axis(days, source, axis=1).reshape(meters, -1)[:, pad:]
    total = np.where(unknown, 0.0, z).sum(axis=1, keepdims=True)
    mean = total / np.maximum((~unknown).sum(axis=1, keepdims=True), 1)
    return np.where(np.isnan(filled), mean, filled)


def design(
    filled: Floats, first_hour: int, horizon: int, free: Hours, weather: Floats | None = None, *, far: bool
) -> tuple[Floats, int]:
    """Regressors of every hour of the history and the `horizon` after it, and the first hour that may be trained on.

    filled: shape (meters, hours) without NaN. free, weather: of these hours and those ahead; a weather with an unknown hour
    among them is left out. Returns shape (meters, hours + horizon, regressors).
    """
    meters, hours = filled.shape
    calendar = _calendar(first_hour, free[: hours + horizon])
    if weather is not None and not np.isnan(weather[: hours + horizon]).any():
        calendar = np.concatenate([calendar, weather[: hours + horizon]], axis=1)
    week = _mean_of_days(filled, 7)
    delay = FAR_DELAY if far else 0
    span = WEEK if far else DAY
    holiday, like = holidays_among(free[: hours + horizon], first_hour)
    columns = [_lag(week, DAY + delay, horizon), _same_weekdays(filled, holiday, like)]
    columns += [_lag(filled, lag, horizon) for lag in (() if far else (DAY, 2 * DAY))]
    columns.append(filled[:, _known(like - WEEK, hours, DAY)])
    columns.append(_lag(_running_mean(filled, span), DAY + delay, horizon))
    if not far:
        columns.append(_lag(_mean_of_days(filled, 14), DAY, horizon))
    width = calendar.shape[1]
    out = np.empty((meters, hours + horizon, width + len(columns)))
    out[:, :, :width] = calendar
    for place, column in enumerate(columns, start=width):
        out[:, :, place] = column
    return out, WEEK + delay


def _calendar(first_hour: int, free: Hours) -> Floats:
    """1, six daily harmonics, free day, free day x two harmonics: shape (hours, 18)."""
    count = len(free)
    hour = first_hour + np.arange(count)
    angle = 2 * np.pi * (hour % DAY) / DAY
    weekend = free.astype(float)
    waves = [wave(k * angle) for k in range(1, 7) for wave in (np.sin, np.cos)]
    return np.stack(
        [np.ones(count), *waves, weekend, *(weekend * wave for wave in waves[:4])],
        axis=1,
    )


def _lag(source: Floats, lag: int, horizon: int) -> Floats:
    """`source` as it was `lag` hours before; where that is not known, whole days are stepped to where it is."""
    hours = source.shape[1]
    return source[:, _known(np.arange(hours + horizon) - lag, hours, DAY)]


def _known(index: NDArray[np.int64], hours: int, step: int) -> NDArray[np.int64]:
    """The nearest index within the history at whole steps from `index` (the history is longer than a step)."""
    beyond, before = np.maximum(index - (hours - 1), 0), np.maximum(-index, 0)
    return index - step * -(-beyond // step) + step * -(-before // step)


def _mean_of_days(filled: Floats, days: int) -> Floats:
    """Mean of this hour on this day and the ones before, so many in all (of those there are)."""
    meters, hours = filled.shape
    pad = -hours % DAY
    # Days before the history repeat its first one, hour for hour.
    head = filled[:, :DAY]
    if pad:
        head = np.concatenate([head[:, DAY - pad :], head[:, : DAY - pad]], axis=1)
        filled = np.concatenate([head[:, :pad], filled], axis=1)
    by_day = filled.reshape(meters, -1, DAY)
    by_day = np.concatenate([np.repeat(by_day[:, :1], days - 1, axis=1), by_day], axis=1)
    total = np.cumsum(by_day, axis=1)
    total = np.concatenate([np.zeros_like(total[:, :1]), total], axis=1)
    return ((total[:, days:] - total[:, :-days]) / days).reshape(meters, -1)[:, pad:]


def holidays_among(free: Hours, first_hour: int) -> tuple[Hours, NDArray[np.int64]]:
    """Whether each hour is free on a weekday that usually is not, and the hour whose weekday it is like: then the last free one."""
    now = np.arange(len(free))
    weekday = (first_hour + now) // DAY % 7
    usual = np.bincount(weekday, weights=free, minlength=7) > 0.5 * np.bincount(weekday, minlength=7)
    holiday = free & ~usual[weekday]
    if not holiday.any() or not usual.any():
        return np.zeros_like(free), now
    back = np.array([next(days for days in range(7) if usual[day - days]) for day in range(7)])
    return holiday, np.where(holiday, now - DAY * back[weekday], now)


def _same_weekdays(filled: Floats, holiday: Hours, like: NDArray[np.int64]) -> Floats:
    """Mean of this hour a week ago, two weeks ago ... six (of those there are), each weighing 0.8 of the one after it.

    A holiday is held against the last free weekdays, and is no model for the same weekday after it.
    """
    hours = filled.shape[1]
    total, weights = np.zeros((len(filled), len(like))), np.zeros(len(like))
    for weeks in range(1, SAME_WEEKDAYS + 1):
        wanted = like - WEEK * weeks
        source = _known(wanted, hours, WEEK if hours >= WEEK else DAY)
        # The first week has no week before it: the nearest day there is stands in.
        there = (wanted >= 0) | (weeks == 1)
        weight = WEEKDAY_DECAY ** (weeks - 1) * np.where(holiday[source] & there, 1e-9, there)
        total += weight * filled[:, source]
        weights += weight
    return total / weights


def _running_mean(filled: Floats, span: int) -> Floats:
    """Mean of this hour and the span - 1 before it (of the hours there are)."""
    hours = filled.shape[1]
    total = np.concatenate([np.zeros((len(filled), 1)), np.cumsum(filled, axis=1)], axis=1)
    end = np.arange(1, hours + 1)
    return (total[:, end] - total[:, np.maximum(end - span, 0)]) / np.minimum(end, span)
