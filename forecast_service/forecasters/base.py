"""What goes into a forecaster and what comes out of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DAY, WEEK = 24, 168
LONGEST_HORIZON = WEEK
LONGEST_HISTORY = 12 * WEEK
# Of the innovations, in the order of Forecast.quantiles: both ends of the 95% and of the 80% prediction interval.
PROBABILITIES = (0.025, 0.1, 0.9, 0.975)


def floats(numbers: Sequence[float]) -> Floats:
    return np.asarray(numbers, dtype=np.float64)


class NothingToForecastFrom(ValueError):
    """The history holds too little for any method; the message says what is there and what is needed."""


@dataclass(frozen=True, slots=True)
class History:
    """Hourly energy without holes in time.

    start: the first hour, in UTC. values: kWh of each hour (shape: hours), NaN where unknown.
    """

    start: datetime
    values: Floats

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.start.astimezone(UTC) != self.start.astimezone(UTC).replace(
            minute=0, second=0, microsecond=0
        ):
            raise ValueError(f"start {self.start.isoformat()} is not a full hour with an offset; give a full UTC hour")
        if np.isinf(self.values).any():
            raise ValueError("the history holds an infinite value; give NaN for an hour that is not known")

    @property
    def end(self) -> datetime:
        """The end of the last hour, which is the start of the first forecast one."""
        return self.start + timedelta(hours=len(self.values))

    @property
    def known(self) -> int:
        return int(np.count_nonzero(~np.isnan(self.values)))

    def before(self, hours: int) -> "History":
        """The same history without its last `hours`."""
        return History(self.start, self.values[: len(self.values) - hours])

    def last(self, hours: int) -> "History":
        """The newest `hours` of it."""
        cut = max(len(self.values) - hours, 0)
        return History(self.start + timedelta(hours=cut), self.values[cut:])


@dataclass(frozen=True, slots=True)
class Forecast:
    """kWh of each hour ahead (shape: horizon): the median and the ends of two prediction intervals."""

    mean: Floats
    lower_80: Floats
    upper_80: Floats
    lower_95: Floats
    upper_95: Floats

    @classmethod
    def ordered(cls, mean: Floats, quantiles: Floats, *, floor: float | None) -> "Forecast":
        """quantiles: shape (horizon, 4), as PROBABILITIES. The interval always holds the median; nothing is below `floor`."""
        if floor is not None:
            mean, quantiles = np.maximum(mean, floor), np.maximum(quantiles, floor)
        low_95, low_80, high_80, high_95 = np.sort(quantiles, axis=1).T
        return cls(
            mean=mean,
            lower_80=np.minimum(low_80, mean),
            upper_80=np.maximum(high_80, mean),
            lower_95=np.minimum(low_95, mean),
            upper_95=np.maximum(high_95, mean),
        )

    @classmethod
    def certain(cls, value: float, horizon: int) -> "Forecast":
        flat = np.full(horizon, value)
        return cls(flat, flat, flat, flat, flat)


@dataclass(frozen=True, slots=True, eq=False)
class Temperature:
    """Of the air, °C, of each hour from `start`, a full UTC hour: measured, and ahead of now forecast; NaN where unknown."""

    start: datetime
    values: Floats


@dataclass(frozen=True, slots=True)
class Place:
    """Where the energy flows.

    zone: the clock that people live by (IANA). country: whose public holidays they keep (ISO 3166 alpha-2), None: not known.
    """

    zone: str = "UTC"
    country: str | None = None
    # Not in the text: two forecasts rest on the same place whatever is known of its weather.
    temperature: Temperature | None = field(default=None, repr=False)


class Forecaster(Protocol):
    """name: as the API calls it. minimum_history: hours it needs to say anything sensible."""

    @property
    def name(self) -> str: ...

    @property
    def minimum_history(self) -> int: ...

    def forecast(self, history: History, horizon: int, place: Place) -> Forecast:
        """The `horizon` hours after the history."""
        ...
