"""A plant's temperature reaches its forecasts by event, and the answer says whether it was of use."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

from forecast_service.conftest import NOON
from forecast_service.plant_series.models import PlantHour
from forecast_service.plant_series.queries import temperatures_of
from forecast_service.plant_series.services import keep_series
from service_kit.events import InvalidEvent, SeriesHour, SeriesUpdated

pytestmark = pytest.mark.django_db
PLANT = uuid.UUID(int=7)


def told(values: list[float], start: datetime, **given: Any) -> SeriesUpdated:
    hours = [SeriesHour(start=start + timedelta(hours=n), value=value) for n, value in enumerate(values)]
    return SeriesUpdated(**{"plant_id": PLANT, "name": "temperature", "unit": "°C", "hours": hours, **given})


@pytest.fixture
def heated(device: Any, plant: Any, hours: Any, habit: Any, deliver: Any, alice: Any) -> dict[str, Any]:
    """A home whose heating follows the cold, which comes and goes by the week; `celsius` is known for four weeks and one more."""
    house = plant()
    meter = device(alice, plant_id=house)
    celsius = 8 + 7 * np.sin(2 * np.pi * np.arange(35 * 24) / (24 * 9.3))
    energy = np.array(habit(35)) + 0.4 * np.maximum(15 - celsius, 0)
    hours(meter, energy[: 28 * 24])
    return {"plant": house, "meter": meter, "celsius": celsius, "came": energy[28 * 24 :]}


def ask(client_for: Any, alice: Any, meter: uuid.UUID) -> dict[str, Any]:
    answer = client_for(alice).get(f"/api/forecasts?device_id={meter}&horizon=168")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def error(answer: dict[str, Any], came: Any) -> float:
    return float(np.abs(np.array([point["kwh"] for point in answer["points"]]) - came).mean())


def test_what_the_weather_will_be_makes_the_forecast_better_and_is_named(
    heated: dict[str, Any], deliver: Any, client_for: Any, alice: Any
) -> None:
    without = ask(client_for, alice, heated["meter"])
    assert "temperature" not in without["reason"]

    deliver(told(heated["celsius"].tolist(), NOON - timedelta(days=28), plant_id=heated["plant"]))
    answer = ask(client_for, alice, heated["meter"])

    assert answer["reason"] == "with the plant's temperature"
    assert error(answer, heated["came"]) < 0.7 * error(without, heated["came"])


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (
            0,
            28 + 2,
            "with the plant's temperature for the first 24 hours alone, which is known for 48 of the 168 hours ahead",
        ),
        (0, 28, "without the plant's temperature, which is known for 0 of the 168 hours ahead"),
        (20, 35, "without the plant's temperature, which is not known for 480 of the 672 hours of history"),
    ],
)
def test_a_temperature_that_does_not_reach_far_enough_is_left_out_and_it_is_said(
    heated: dict[str, Any], deliver: Any, client_for: Any, alice: Any, first: int, last: int, said: str
) -> None:
    start = NOON - timedelta(days=28 - first)
    deliver(told(heated["celsius"][first * 24 : last * 24].tolist(), start, plant_id=heated["plant"]))
    assert ask(client_for, alice, heated["meter"])["reason"] == said


def test_fahrenheit_and_kelvin_are_understood_and_another_unit_is_no_temperature(deliver: Any) -> None:
    for unit, value, celsius in (("°F", 50.0, 10.0), ("K", 283.15, 10.0), ("°C", 10.0, 10.0)):
        plant = uuid.uuid4()
        deliver(told([value], NOON, plant_id=plant, unit=unit))
        found = temperatures_of([plant], start=NOON, end=NOON + timedelta(hours=1))
        assert found[plant].values[0] == pytest.approx(celsius)
    deliver(told([10.0], NOON, unit="°R"))
    assert temperatures_of([PLANT], start=NOON, end=NOON + timedelta(hours=1)) == {}


def test_the_highest_version_of_an_hour_wins_in_whatever_order_they_arrive(deliver: Any) -> None:
    deliver(told([3.0, 4.0], NOON), version=3)
    deliver(told([1.0, 1.0, 1.0], NOON), version=2)
    deliver(told([3.0, 4.0], NOON), version=3)
    assert list(PlantHour.objects.order_by("start").values_list("value", flat=True)) == [3.0, 4.0, 1.0]


def test_a_value_that_is_not_finite_is_refused_by_name() -> None:
    with pytest.raises(InvalidEvent, match="temperature nan of plant"):
        keep_series(state=told([float("nan")], NOON), version=1)
