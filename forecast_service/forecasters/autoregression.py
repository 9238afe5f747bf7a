"""Autoregressive errors: Burg's estimate and the recursions ahead, for many series at once."""

import numpy as np

from forecast_service.forecasters.base import Floats


def burg(x: Floats, order: int) -> tuple[Floats, Floats]:
    """Coefficients (series, order) and innovation variance (series,) of x (series, hours).

    Burg (1975): minimises forward and backward error together, so the model is always stationary. Nothing is subtracted:
    the residuals of a regression have no mean to speak of. A series of zeros gets zero coefficients.
    """
    forward, backward = x[:, 1:], x[:, :-1]
    coefficients = np.zeros((len(x), 0))
    variance = np.einsum("st,st->s", x, x) / x.shape[1]
    for _ in range(order):
        power = np.einsum("st,st->s", forward, forward) + np.einsum("st,st->s", backward, backward)
        cross = 2 * np.einsum("st,st->s", forward, backward)
        reflection = np.divide(cross, power, out=np.zeros_like(cross), where=power > 0)[:, None]
        coefficients = np.concatenate([coefficients - reflection * coefficients[:, ::-1], reflection], axis=1)
        variance = variance * (1 - reflection[:, 0] ** 2)
        forward, backward = (
            (forward - reflection * backward)[:, 1:],
            (backward - reflection * forward)[:, :-1],
        )
    return coefficients, variance


def ahead(residuals: Floats, coefficients: Floats, horizon: int) -> Floats:
    """Expected error of each hour ahead (series, horizon) after these residuals (series, at least the order)."""
    order = coefficients.shape[1]
    newest_last = coefficients[:, ::-1, None]
    path = np.concatenate([residuals[:, -order:], np.zeros((len(residuals), horizon))], axis=1)
    for step in range(horizon):
        path[:, order + step] = np.matmul(path[:, None, step : step + order], newest_last)[:, 0, 0]
    return path[:, order:]


def simulated(residuals: Floats, coefficients: Floats, innovations: Floats) -> Floats:
    """Errors of one series along many paths (paths, horizon) after these residuals (hours,), driven by these innovations."""
    order, (paths, horizon) = len(coefficients), innovations.shape
    out = np.concatenate([np.tile(residuals[-order:], (paths, 1)), innovations], axis=1)
    newest_last = coefficients[::-1]
    for step in range(horizon):
        out[:, order + step] += out[:, step : order + step] @ newest_last
    return out[:, order:]


def deviation(coefficients: Floats, variance: Floats, horizon: int) -> Floats:
    """Standard deviation of the error of each hour ahead: shape (series, horizon)."""
    impulse = np.zeros_like(coefficients)
    impulse[:, -1] = 1.0
    return _spread_by(ahead(impulse, coefficients, horizon), variance)


def ahead_with_deviation(
    residuals: Floats, coefficients: Floats, variance: Floats, horizon: int
) -> tuple[Floats, Floats]:
    """`ahead` and `deviation` at the cost of one: what costs is the number of steps, not of series."""
    impulse = np.zeros_like(coefficients)
    impulse[:, -1] = 1.0
    start = np.concatenate([residuals[:, -coefficients.shape[1] :], impulse])
    expected, reply = np.split(ahead(start, np.concatenate([coefficients, coefficients]), horizon), 2)
    return expected, _spread_by(reply, variance)


def _spread_by(reply: Floats, variance: Floats) -> Floats:
    """reply: what an innovation of 1 at the last known hour adds to each hour ahead."""
    earlier = np.concatenate([np.ones((len(reply), 1)), reply[:, :-1]], axis=1)
    return np.sqrt(variance[:, None] * np.cumsum(earlier**2, axis=1))


def innovations(residuals: Floats, coefficients: Floats) -> Floats:
    """One-step errors (series, hours - order) of the residuals (series, hours)."""
    order = coefficients.shape[1]
    out = residuals[:, order:].copy()
    for lag in range(1, order + 1):
        out -= coefficients[:, lag - 1 : lag] * residuals[:, order - lag : residuals.shape[1] - lag]
    return out
