"""Series with known answers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecast_service.forecasters.base import DAY, WEEK, Floats, History

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def home() -> Callable[..., History]:
    """`home(days=84)`: morning and evening peaks, other weekends, noise; the same each time."""

    def make(days: int = 84, start: datetime = MONDAY) -> History:
        random = np.random.default_rng(7)
        hour = np.arange(days * DAY)
        shape = 0.3 + np.exp(-(((hour % DAY) - 7) ** 2) / 4) + 2 * np.exp(-(((hour % DAY) - 19) ** 2) / 6)
        shape = shape * np.where((hour // DAY) % 7 >= 5, 1.4, 1.0)
        return History(start, shape * random.lognormal(0, 0.2, len(hour)))

    return make


@pytest.fixture
def solar() -> Callable[..., History]:
    def make(days: int = 84) -> History:
        random = np.random.default_rng(8)
        hour = np.arange(days * DAY)
        clear = np.maximum(np.sin((hour % DAY - 6) / 12 * np.pi), 0)
        clear[np.isin(hour % DAY, (18, 6))] = 0  # sin(pi) is not quite zero
        return History(MONDAY, clear * np.repeat(random.uniform(0.2, 1, days), DAY) * 3)

    return make


def last_hour(history: History) -> datetime:
    return history.start + timedelta(hours=len(history.values) - 1)


def without(history: History, first: int, last: int) -> History:
    """The history with the hours [first, last) unknown."""
    values: Floats = history.values.copy()
    values[first:last] = np.nan
    return History(history.start, values)


__all__ = ["MONDAY", "WEEK", "last_hour", "without"]
