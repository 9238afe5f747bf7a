"""Temperatures as the forecasters want them."""

import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

import numpy as np
from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, Concat

from forecast_service.forecasters.base import Temperature
from forecast_service.plant_series.models import PlantHour, PlantSeries
from service_kit.versions import Versions, versions_of

TEMPERATURE = "temperature"
# Of the units that people write, to °C.
CELSIUS: Mapping[str, Callable[[float], float]] = {
    **dict.fromkeys(("°C", "C", "degC", "celsius"), lambda value: value),
    **dict.fromkeys(("°F", "F", "degF", "fahrenheit"), lambda value: (value - 32) / 1.8),
    "K": lambda value: value - 273.15,
}
HOUR = timedelta(hours=1)


def versions_by_series() -> Versions:
    """(plant/name, version): how far this copy of monitoring_service's series has come."""
    key = Concat(Cast("plant_id", TextField()), Value("/"), F("name"), output_field=TextField())
    return versions_of(PlantSeries.objects.annotate(key=key), key="key")


def temperatures_of(plants: Collection[uuid.UUID], *, start: datetime, end: datetime) -> dict[uuid.UUID, Temperature]:
    """By plant, in two queries at most; a plant without a temperature in [start, end) is not in it."""
    series = PlantSeries.objects.filter(plant_id__in=plants, name=TEMPERATURE, unit__in=CELSIUS)
    units = dict(series.values_list("plant_id", "unit"))
    if not units:
        return {}
    hours = int((end - start) // HOUR)
    found: dict[uuid.UUID, Temperature] = {}
    rows = PlantHour.objects.filter(plant_id__in=units, name=TEMPERATURE, start__gte=start, start__lt=end)
    for plant_id, hour, value in rows.values_list("plant_id", "start", "value"):
        if plant_id not in found:
            found[plant_id] = Temperature(start, np.full(hours, np.nan))
        found[plant_id].values[int((hour - start) // HOUR)] = CELSIUS[units[plant_id]](value)
    return found
