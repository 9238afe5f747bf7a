"""Days, weeks (from Monday) and months by the local clock."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

import numpy as np

from forecast_service.forecasters.base import Floats

Name = Literal["day", "week", "month"]
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From local midnight to local midnight, in UTC."""

    start: datetime
    end: datetime


def period_at(name: Name, moment: datetime, zone: str) -> Period:
    """The period that holds the moment."""
    clock = ZoneInfo(zone)
    day = moment.astimezone(clock).date()
    if name == "week":
        day -= timedelta(days=day.weekday())
    elif name == "month":
        day = day.replace(day=1)
    return Period(_midnight(day, clock), _midnight(_next(name, day), clock))


def periods_before(name: Name, period: Period, count: int, zone: str) -> list[Period]:
    """The `count` periods before it, newest first."""
    found = []
    for _ in range(count):
        period = period_at(name, period.start - HOUR, zone)
        found.append(period)
    return found


def shares(period: Period, first: datetime, hours: int) -> Floats:
    """Which share of each of `hours` hours from `first` (a full UTC hour) lies in the period: some zones' days begin at half past."""
    begin = (period.start - first) / HOUR
    end = (period.end - first) / HOUR
    hour = np.arange(hours)
    return np.clip(np.minimum(hour + 1, end) - np.maximum(hour, begin), 0.0, 1.0)


def _next(name: Name, day: date) -> date:
    if name == "month":
        return (day + timedelta(days=31)).replace(day=1)
    return day + timedelta(days=7 if name == "week" else 1)


def _midnight(day: date, clock: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), clock).astimezone(UTC)
