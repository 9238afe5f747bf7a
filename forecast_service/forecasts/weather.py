"""Populations with the temperature of the plant that they stand in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from forecast_service.forecasters.base import LONGEST_HISTORY, LONGEST_HORIZON
from forecast_service.forecasts.scopes import Population
from forecast_service.plant_series.queries import temperatures_of


def in_their_weather(populations: Sequence[Population]) -> list[Population]:
    """The same populations; where all meters of one stand in one plant, with its temperature as far as it is known.

    Production is left as it is: the sun does not follow the warmth.
    """
    plants = [{meter.plant_id for meter in one.members if one.kind != "production"} for one in populations]
    wanted = {plant for own in plants if len(own) == 1 for plant in own if plant}
    if not wanted:
        return list(populations)
    known = temperatures_of(
        wanted,
        start=min(one.until for one in populations) - timedelta(hours=LONGEST_HISTORY),
        end=max(one.until for one in populations) + timedelta(hours=LONGEST_HORIZON),
    )
    return [
        replace(one, place=replace(one.place, temperature=known[plant]))
        if len(own) == 1 and (plant := next(iter(own))) in known
        else one
        for one, own in zip(populations, plants, strict=True)
    ]
