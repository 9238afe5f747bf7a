"""Weekends and public holidays are free days."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from forecast_service.forecasters.base import History, Place
from forecast_service.forecasters.calendar import free_hours
from forecast_service.forecasters.sarimax import RegressionSarimax
from forecast_service.forecasters.wallclock import wall_hours


def free(day: str, country: str | None) -> bool:
    first = wall_hours(datetime.fromisoformat(day).replace(tzinfo=UTC), 1, "UTC")[0]
    hours = free_hours(int(first), 24, country)
    assert hours.all() == hours.any()
    return bool(hours[0])


@pytest.mark.parametrize(
    ("day", "country", "expected"),
    [
        ("2026-12-25", "IT", True),
        ("2026-12-25", None, False),
        ("2026-08-15", None, True),
        ("2026-06-02", "IT", True),
        ("2026-06-02", "FR", False),
        ("2026-06-02", "XX", False),
        ("2026-06-05", "IL", True),
        ("2026-06-07", "IL", False),
    ],
)
def test_whose_free_day_it_is(day, country, expected):
    assert free(day, country) == expected


def test_a_shop_closed_on_holidays_is_forecast_closed():
    """Given a shop in Italy that keeps closed on Sundays, Saturdays and holidays, when Epiphany comes, then it is closed."""
    start = datetime(2025, 10, 14, tzinfo=UTC)
    days = 84
    open_hours = np.isin(np.arange(days * 24) % 24, range(8, 19))
    closed = free_hours(int(wall_hours(start, 1, "UTC")[0]), days * 24, "IT")
    values = np.where(open_hours & ~closed, 4.0, 0.5) * np.random.default_rng(2).lognormal(0, 0.05, days * 24)
    assert start + timedelta(days=days) == datetime(2026, 1, 6, tzinfo=UTC)  # Epiphany, a Tuesday
    by_country = {
        country: RegressionSarimax().forecast(History(start, values), 24, Place("UTC", country)).mean[8:18].mean()
        for country in ("IT", None)
    }
    assert by_country["IT"] < 1.2
    assert by_country[None] > 2
