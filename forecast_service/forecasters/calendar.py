"""Free days: weekends and public holidays, on which people live by another rhythm."""

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
from holidays import country_holidays
from numpy.typing import NDArray

from forecast_service.forecasters.base import DAY

Hours = NDArray[np.bool_]
FIRST_DAY = date(1970, 1, 1)
SATURDAY, SUNDAY = 5, 6


def free_hours(first_hour: int, count: int, country: str | None) -> Hours:
    """Whether each of `count` hours lies on a free day of the country.

    first_hour: number of the first of them since 1970-01-01 00:00 of the wall clock. A country that is not known, or not to
    the library, has weekends alone.
    """
    first, last = first_hour // DAY, (first_hour + count - 1) // DAY
    days = np.array([_is_free(day, country) for day in range(first, last + 1)])
    return days[(first_hour + np.arange(count)) // DAY - first]


@lru_cache(maxsize=20_000)
def _is_free(day: int, country: str | None) -> bool:
    moment = FIRST_DAY + timedelta(days=day)
    known = _holidays(country, moment.year) if country else None
    if known is None:
        return moment.weekday() in (SATURDAY, SUNDAY)
    weekend, holidays = known
    return moment.weekday() in weekend or moment in holidays


@lru_cache(maxsize=200)
def _holidays(country: str, year: int) -> tuple[frozenset[int], frozenset[date]] | None:
    try:
        found = country_holidays(country, years=year)
    except NotImplementedError:
        return None
    return frozenset(found.weekend), frozenset(found)
