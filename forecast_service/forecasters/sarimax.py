"""Regression with autoregressive errors: SARIMAX(25,0,0) with known regressors, fitted without numerical optimisation.

A near model (hours 1 to 24) and a far one (25 to 168) are fitted anew from at most twelve weeks of history; that is cheaper than
keeping them. Many meters that share an origin and a clock are one batch: arrays have the shape (meters, hours).
"""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from forecast_service.forecasters import autoregression
from forecast_service.forecasters.base import (
    DAY,
    LONGEST_HISTORY,
    PROBABILITIES,
    Floats,
    Forecast,
    History,
    Place,
)
from forecast_service.forecasters.calendar import Hours, free_hours
from forecast_service.forecasters.habit import toward, usual
from forecast_service.forecasters.plausible import always_zero, without_broken
from forecast_service.forecasters.regressors import design, fill_gaps
from forecast_service.forecasters.wallclock import to_wall
from forecast_service.forecasters.weather import weather_of

ORDER = 25
HALF_LIFE = 4 * 7 * DAY
RIDGE_NEAR, RIDGE_FAR = 2e-3, 1e-2
# Little history: an autoregressive coefficient wants this many hours each, and the ridge doubles at this many.
HOURS_PER_LAG, RIDGE_DOUBLES_AT = 15, 400
SKEWED, LOG_OFFSET = 0.8, 0.1
# A skewed series is fitted to its median: squares that are divided by their own size are absolute deviations, but not below
# this share of the typical one.
REWEIGHTINGS, SMALLEST_RESIDUAL = 2, 0.2
# Hours that are always zero are known beforehand; left at full weight, a night decides what is said of the day.
DARK_WEIGHT = 0.2
POOLED = 0.3
# In-sample errors are smaller than those of a forecast, for fitted coefficients know their own history: the more so, the
# fewer hours there were for each of them (settled on the dev split: weeks between the panel's, cut to 8, 10, 14, 21, 84 days).
WIDENING = 1.12
TAIL = 72


@dataclass(frozen=True, slots=True)
class Fitted:
    """One model of some meters, on the scaled values."""

    coefficients: Floats  # (meters, regressors)
    autoregressive: Floats  # (meters, ORDER)
    variance: Floats  # (meters,) of the innovations
    profile: Floats  # (meters, 24): spread of the innovations by hour of day, about 1
    quantiles: Floats  # (meters, 4): of the innovations in units of their spread


# (fitted, z tail, regressors of the tail, regressors ahead) -> (expected value, deviation), each (meters, horizon)
Engine = Callable[[Fitted, Floats, Floats, Floats], tuple[Floats, Floats]]


def recursion(fitted: Fitted, z: Floats, tail: Floats, ahead: Floats) -> tuple[Floats, Floats]:
    """The forecast of the state space model with an exactly known state, in numpy alone."""
    residuals = z - product(tail, fitted.coefficients)
    error, deviation = autoregression.ahead_with_deviation(
        residuals, fitted.autoregressive, fitted.variance, ahead.shape[1]
    )
    return product(ahead, fitted.coefficients) + error, deviation


@dataclass(frozen=True, slots=True)
class RegressionSarimax:
    """`engine` computes the forecast from the fitted model; all of them give the same numbers."""

    engine: Engine = recursion
    name: str = "sarimax"
    minimum_history: int = 8 * DAY

    def forecast(self, history: History, horizon: int, place: Place) -> Forecast:
        """The `horizon` hours after the history. The history must vary and hold `minimum_history` known hours."""
        history = history.last(LONGEST_HISTORY)
        first_hour, values, places = to_wall(history, horizon, place.zone)
        ahead = int(places[-1]) + 1
        free = free_hours(first_hour, len(values) + ahead, place.country)
        weather = weather_of(place, history, horizon, first_hour)
        mean, quantiles = forecast_many(values[None], first_hour, ahead, free, weather, engine=self.engine)
        net = bool(np.nanmin(history.values) < 0)
        return Forecast.ordered(mean[0, places], quantiles[0, places], floor=None if net else 0.0)


def forecast_many(
    values: Floats,
    first_hour: int,
    horizon: int,
    free: Hours,
    weather: Floats | None = None,
    *,
    engine: Engine = recursion,
) -> tuple[Floats, Floats]:
    """Forecast meters that share an origin and a calendar.

    values: kWh by wall-clock hour, shape (meters, hours), NaN where unknown. first_hour: number of the first of them since
    1970-01-01 00:00 of that clock. free: of these hours and the `horizon` after them (`calendar.free_hours`), as is
    weather (`weather.degrees`), of which a model makes use when it knows each of its hours. Returns the median (meters, horizon) and its quantiles (meters, horizon, 4).
    """
    values = without_broken(values)
    scale, skewed = scale_and_skewness(values)
    mean = np.empty((len(values), horizon))
    quantiles = np.empty((len(values), horizon, len(PROBABILITIES)))
    for group, is_skewed in ((skewed, True), (~skewed, False)):
        if group.any():
            level = values[group] / scale[group]
            near = _one_model(
                level, first_hour, min(horizon, DAY), free, weather, skewed=is_skewed, far=False, engine=engine
            )
            middle, ends = near
            if horizon > DAY:
                far = _one_model(level, first_hour, horizon, free, weather, skewed=is_skewed, far=True, engine=engine)
                middle, ends = (np.concatenate([n, f[:, DAY:]], axis=1) for n, f in zip(near, far, strict=True))
            mean[group], quantiles[group] = middle * scale[group], ends * scale[group][..., None]
    dark = always_zero(values, horizon)
    mean[dark], quantiles[dark] = 0.0, 0.0
    return mean, quantiles


def scale_and_skewness(values: Floats) -> tuple[Floats, Hours]:
    """Mean size of each meter's hours (meters, 1), and whether they are never negative and skewed to the right (meters,)."""
    scale = np.nanmean(np.abs(values), axis=1, keepdims=True)
    scale[scale == 0] = 1.0
    return scale, (np.nanmin(values, axis=1) >= 0) & (_skewness(values) > SKEWED)


@dataclass(frozen=True, slots=True)
class Transform:
    """A skewed series is modelled by its logarithm in the near model; days ahead, where errors no longer hang on the hours
    before, its level is."""

    logarithm: bool

    @classmethod
    def of(cls, *, skewed: bool, far: bool) -> "Transform":
        return cls(skewed and not far)

    def forward(self, level: Floats) -> Floats:
        return np.log(level + LOG_OFFSET) if self.logarithm else level

    def back(self, z: Floats, seen: Floats) -> Floats:
        """z: (meters, ...). Nothing is believed that lies further outside of what was `seen` than what was seen is wide."""
        shape = (len(seen),) + (1,) * (z.ndim - 1)
        low, high = np.nanmin(seen, axis=1).reshape(shape), np.nanmax(seen, axis=1).reshape(shape)
        z = np.clip(z, 2 * low - high, 2 * high - low)
        return np.exp(z) - LOG_OFFSET if self.logarithm else z


def parameters(history: History, place: Place) -> dict[str, Any]:
    """What the two models of this history are, to six digits: some 2 KB of JSON."""
    history = history.last(LONGEST_HISTORY)
    first_hour, values, _ = to_wall(history, 1, place.zone)
    values = without_broken(values[None])
    scale, skewed = scale_and_skewness(values)
    is_skewed = bool(skewed[0])
    free = free_hours(first_hour, values.shape[1] + 1, place.country)
    weather = weather_of(place, history, 1, first_hour)
    told: dict[str, Any] = {"scale_kwh": float(scale[0, 0]), "logarithm": is_skewed}
    for name, far in (("near", False), ("far", True)):
        fitted, _, _ = fit_model(values / scale, first_hour, 1, free, weather, skewed=is_skewed, far=far)
        told[name] = {
            field.name: [float(f"{number:.6g}") for number in np.ravel(getattr(fitted, field.name)[0])]
            for field in fields(fitted)
        }
    return told


def _one_model(
    level: Floats,
    first_hour: int,
    horizon: int,
    free: Hours,
    weather: Floats | None,
    *,
    skewed: bool,
    far: bool,
    engine: Engine,
) -> tuple[Floats, Floats]:
    """Median (meters, horizon) and quantiles (meters, horizon, 4) in the unit of the level."""
    transform, hours = Transform.of(skewed=skewed, far=far), level.shape[1]
    fitted, regressors, z = fit_model(level, first_hour, horizon, free, weather, skewed=skewed, far=far)
    tail = regressors[:, hours - TAIL : hours]
    expected = product(tail, fitted.coefficients)
    known = np.where(np.isnan(z[:, -TAIL:]), expected, z[:, -TAIL:])
    mean, deviation = engine(fitted, known, tail, regressors[:, hours:])
    hour_of_day = (first_hour + hours + np.arange(horizon)) % DAY
    spread = deviation * fitted.profile[:, hour_of_day] * WIDENING
    if far:
        mean = mean + toward(usual(fill_gaps(z), free, horizon), mean, spread)
    quantiles = mean[..., None] + spread[..., None] * fitted.quantiles[:, None, :]
    return transform.back(mean, z), transform.back(quantiles, z)


def fit_model(
    level: Floats, first_hour: int, horizon: int, free: Hours, weather: Floats | None, *, skewed: bool, far: bool
) -> tuple[Fitted, Floats, Floats]:
    """The model, its regressors of the history and the `horizon`, and the transformed history."""
    hours = level.shape[1]
    z = Transform.of(skewed=skewed, far=far).forward(level)
    regressors, first_row = design(fill_gaps(z), first_hour, horizon, free, weather, far=far)
    first_row = min(first_row, hours // 2)
    weights = 0.5 ** (np.arange(hours)[::-1] / HALF_LIFE) * np.ones_like(level)
    dark = always_zero(level, DAY)
    if dark.any():
        weights[dark[:, (np.arange(hours) - hours) % DAY]] *= DARK_WEIGHT
    fitted = _fit(
        z[:, first_row:],
        regressors[:, first_row:hours],
        weights[:, first_row:],
        first_hour + first_row,
        ridge=RIDGE_FAR if far else RIDGE_NEAR,
        absolute=skewed,
    )
    return fitted, regressors, z


def _fit(target: Floats, x: Floats, weights: Floats, first_hour: int, *, ridge: float, absolute: bool) -> Fitted:
    known = ~np.isnan(target)
    target = np.where(known, target, 0.0)
    weights = known * weights
    ridge *= 1 + (RIDGE_DOUBLES_AT / target.shape[1]) ** 3
    coefficients = _ridge(x, target, weights, ridge)
    for _ in range(REWEIGHTINGS if absolute else 0):
        size = np.abs(target - product(x, coefficients))
        typical = _median(size, known)[:, None]
        closer = typical / np.maximum(size, SMALLEST_RESIDUAL * typical + 1e-9)
        coefficients = _ridge(x, target, weights * np.where(typical > 0, closer, 1.0), ridge)
    residuals = np.where(known, target - product(x, coefficients), 0.0)
    order = min(ORDER, max(target.shape[1] // HOURS_PER_LAG, 1))
    autoregressive, variance = autoregression.burg(residuals, order)
    autoregressive = np.pad(autoregressive, ((0, 0), (0, ORDER - order)))
    innovations = autoregression.innovations(residuals, autoregressive)
    hour_of_day = (first_hour + ORDER + np.arange(innovations.shape[1])) % DAY
    profile, quantiles = _spread(innovations, known[:, ORDER:], hour_of_day)
    freedom = target.shape[1] / max(target.shape[1] - x.shape[2] - order, target.shape[1] / 4)
    return Fitted(coefficients, autoregressive, variance, profile, quantiles * freedom**1.5)


def _spread(innovations: Floats, known: np.ndarray, hour_of_day: np.ndarray) -> tuple[Floats, Floats]:
    """Spread by hour of day in units of the whole (30% pooled), and quantiles of the innovations in units of that."""
    squares = np.where(known, innovations**2, 0.0)
    whole = np.sqrt(squares.sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    whole = np.maximum(whole, 1e-12)
    at_hour = (hour_of_day[:, None] == np.arange(DAY)).astype(float)
    count = known.astype(float) @ at_hour
    by_hour = np.where(count > 0, np.sqrt(squares @ at_hour / np.maximum(count, 1)) / whole[:, None], 1.0)
    profile = (1 - POOLED) * by_hour + POOLED
    standard = innovations / (profile[:, hour_of_day] * whole[:, None])
    if known.all():
        return profile, np.quantile(standard, PROBABILITIES, axis=1).T
    rows = [
        np.quantile(row[seen], PROBABILITIES) if seen.any() else np.zeros(4)
        for row, seen in zip(standard, known, strict=True)
    ]
    return profile, np.stack(rows)


def _ridge(x: Floats, target: Floats, weights: Floats, penalty: float) -> Floats:
    """Weighted ridge least squares, all coefficients shrunk alike. x: (meters, hours, regressors)."""
    weighted = (x * weights[..., None]).transpose(0, 2, 1)
    normal = weighted @ x
    # The tiny constant keeps a meter without a single weight solvable.
    shrink = penalty * weights.sum(axis=1) + 1e-10
    place = np.arange(x.shape[2])
    normal[:, place, place] += shrink[:, None]
    return np.asarray(np.linalg.solve(normal, weighted @ target[..., None])[..., 0], dtype=float)


def product(x: Floats, coefficients: Floats) -> Floats:
    return (x @ coefficients[..., None])[..., 0]


def _median(size: Floats, known: np.ndarray) -> Floats:
    if known.all():
        return np.asarray(np.median(size, axis=1), dtype=float)
    return np.array([float(np.median(row[seen])) if seen.any() else 0.0 for row, seen in zip(size, known, strict=True)])


def _skewness(values: Floats) -> Floats:
    centred = values - np.nanmean(values, axis=1, keepdims=True)
    spread = np.nanmean(centred**2, axis=1)
    third = np.nanmean(centred**3, axis=1)
    return np.divide(third, spread**1.5, out=np.zeros_like(third), where=spread > 0)
