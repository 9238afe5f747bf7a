"""Populations with the temperature of the plant that they stand in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from forecast_service.forecasters.base import LONGEST_HISTORY, LONGEST_HORIZON
from forecast_service.forecasts.scopes import Population
from forecast_service.plant_series.queries import temperatures_of


def in_their_weather(
    populations: Sequence[Population], *, history: int = LONGEST_HISTORY, ahead: int = LONGEST_HORIZON
) -> list[Population]:
    """The same populations, those that follow the weather of a plant with its temperature as far as it is known.

    history, ahead: hours before and after each population's `until`.
    """
    plants = [one.plant for one in populations]
    wanted = {plant for plant in plants if plant}
    if not wanted:
        return list(populations)
    known = temperatures_of(
        wanted,
        start=min(one.until for one in populations) - timedelta(hours=history),
        end=max(one.until for one in populations) + timedelta(hours=ahead),
    )
    return [
        replace(one, place=replace(one.place, temperature=known[plant])) if plant in known else one
        for one, plant in zip(populations, plants, strict=True)
    ]
