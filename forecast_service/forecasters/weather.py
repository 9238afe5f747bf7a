"""Air temperature as regressors: heating and cooling, now and over the day before, by the hour of the day."""

from datetime import timedelta

import numpy as np

from forecast_service.forecasters.base import DAY, Floats, History, Place, Temperature
from forecast_service.forecasters.wallclock import wall_hours

# °C, as energy statistics count heating and cooling degrees.
HEATED_BELOW, COOLED_ABOVE = 15.0, 20.0
# Air warms slowly enough for a line across some hours.
LONGEST_GAP = 6
HOUR = timedelta(hours=1)


def weather_of(place: Place, history: History, horizon: int, first_hour: int) -> Floats | None:
    """`degrees` by the hours of the wall clock; None where the place has no temperature."""
    if place.temperature is None:
        return None
    return degrees(on_wall(place.temperature, history, horizon, place.zone), first_hour)


def is_known(place: Place, history: History, horizon: int) -> bool:
    """Whether a forecast of these hours rests on the temperature of each of them and of the history."""
    return place.temperature is not None and not np.isnan(on_wall(place.temperature, history, horizon, "UTC")).any()


def said(place: Place, history: History, horizon: int) -> str:
    """Whether a forecast rests on the temperature, and if not, why; empty where the place has none."""
    if place.temperature is None:
        return ""
    celsius = on_wall(place.temperature, history, horizon, "UTC")
    hours = len(history.values)
    if unknown := int(np.isnan(celsius[:hours]).sum()):
        return f"without the plant's temperature, which is not known for {unknown} of the {hours} hours of history"
    missing = np.flatnonzero(np.isnan(celsius[hours:]))
    ahead = int(missing[0]) if len(missing) else horizon
    if ahead == horizon:
        return "with the plant's temperature"
    known = f"which is known for {ahead} of the {horizon} hours ahead"
    if ahead < min(horizon, DAY):
        return f"without the plant's temperature, {known}"
    return f"with the plant's temperature for the first {DAY} hours alone, {known}"


def on_wall(temperature: Temperature, history: History, horizon: int, zone: str) -> Floats:
    """°C by the hours of the wall clock, of the history and the `horizon` after it; NaN where unknown."""
    numbers = wall_hours(history.start, len(history.values) + horizon, zone)
    places = numbers - numbers[0]
    shift = int((history.start - temperature.start) // HOUR)
    source = shift + np.arange(len(numbers))
    there = (source >= 0) & (source < len(temperature.values))
    out = np.full(int(places.max()) + 1, np.nan)
    out[places[there]] = temperature.values[source[there]]
    return _across_short_gaps(out)


def degrees(celsius: Floats, first_hour: int) -> Floats:
    """Regressors of each hour: shape (hours, 20), NaN from the first hour on whose temperature is not known.

    first_hour: as `forecast_many` has it.
    """
    hours = len(celsius)
    angle = 2 * np.pi * ((first_hour + np.arange(hours)) % DAY) / DAY
    waves = [np.ones(hours), *(wave(k * angle) for k in (1, 2) for wave in (np.sin, np.cos))]
    sizes = [np.maximum(HEATED_BELOW - celsius, 0) / 10, np.maximum(celsius - COOLED_ABOVE, 0) / 10]
    return np.stack([size * wave for one in sizes for size in (one, _mean_of_day(one)) for wave in waves], axis=1)


def _mean_of_day(size: Floats) -> Floats:
    total = np.concatenate([[0.0], np.cumsum(size)])
    end = np.arange(1, len(size) + 1)
    begin = np.maximum(end - DAY, 0)
    return (total[end] - total[begin]) / (end - begin)


def _across_short_gaps(celsius: Floats) -> Floats:
    known = np.flatnonzero(~np.isnan(celsius))
    if len(known) < 2:
        return celsius
    now = np.arange(len(celsius))
    after = np.searchsorted(known, now)
    inside = (after > 0) & (after < len(known))
    width = known[np.minimum(after, len(known) - 1)] - known[np.maximum(after - 1, 0)] - 1
    return np.where(np.isnan(celsius) & inside & (width <= LONGEST_GAP), np.interp(now, known, celsius[known]), celsius)
