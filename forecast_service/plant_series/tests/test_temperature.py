"""A plant's temperature reaches its forecasts by event, and the answer says whether it was of use."""

import uuid
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.utils import timezone

from forecast_service.conftest import NOON
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.planning import WEATHER_AT_MOST_EVERY, take_up_changes, take_up_weather
from forecast_service.forecasts.services import UNDONE, issue_planned
from forecast_service.plant_series.models import PlantHour, PlantSeries
from forecast_service.plant_series.queries import temperatures_of, versions_by_series
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


def issue_due() -> int:
    plans = list(Plan.objects.filter(UNDONE).values_list("pk", flat=True))
    return issue_planned(plan_ids=plans)


def test_a_new_weather_forecast_is_followed_by_new_forecasts_from_the_same_hour(
    heated: dict[str, Any], deliver: Any, client_for: Any, alice: Any
) -> None:
    take_up_changes()
    assert issue_due() == 3
    before = Forecast.objects.get(scope=f"device_{heated['meter']}")

    deliver(told(heated["celsius"].tolist(), NOON - timedelta(days=28), plant_id=heated["plant"]))
    assert take_up_weather() == 1
    assert take_up_weather() == 0
    assert issue_due() == 3

    after = Forecast.objects.get(scope=f"device_{heated['meter']}")
    assert (after.history_until, after.is_current) == (before.history_until, True)
    assert "temperature" not in before.reason
    assert after.reason.endswith("with the plant's temperature")
    assert after.version > before.version
    assert ask(client_for, alice, heated["meter"])["issued_at"] == after.issued_at.isoformat().replace("+00:00", "Z")


def test_weather_that_changes_every_minute_is_followed_every_ten(heated: dict[str, Any], deliver: Any) -> None:
    def new_weather(version: int) -> int:
        deliver(told([float(version)], NOON, plant_id=heated["plant"]), version=version)
        return take_up_weather()

    assert [new_weather(1), new_weather(2), new_weather(3)] == [1, 0, 0]
    PlantSeries.objects.update(planned_at=timezone.now() - WEATHER_AT_MOST_EVERY)
    assert [take_up_weather(), take_up_weather()] == [1, 0]


def test_what_does_not_follow_the_weather_stays_as_it_is(
    heated: dict[str, Any], device: Any, hours: Any, habit: Any, deliver: Any
) -> None:
    panels = device(plant_id=heated["plant"], kind="production")
    hours(panels, habit(28))
    take_up_changes()
    issue_due()
    before = Forecast.objects.get(scope=f"device_{panels}")
    deliver(told(heated["celsius"].tolist(), NOON - timedelta(days=28), plant_id=heated["plant"]))
    deliver(told([0.3], NOON, plant_id=heated["plant"], name="price", unit="EUR/kWh"))
    assert take_up_weather() == 1
    assert issue_due() == 3
    assert Forecast.objects.get(scope=f"device_{panels}").pk == before.pk


def test_a_lost_batch_is_noticed_until_all_is_told_anew(deliver: Any) -> None:
    def known() -> list[tuple[str, int, bool]]:
        return list(versions_by_series())

    key = f"{PLANT}/temperature"
    deliver(told([3.0], NOON), version=1)
    deliver(told([4.0], NOON, after=1), version=2)
    assert known() == [(key, 2, False)]
    deliver(told([6.0], NOON + timedelta(hours=2), after=3), version=4)  # the third was lost
    assert known() == [(key, 2, False)]
    assert PlantHour.objects.count() == 2
    deliver(told([4.0, 5.0, 6.0], NOON), version=5)
    assert known() == [(key, 5, False)]


def test_a_copy_that_lacks_the_first_batch_has_no_version(deliver: Any) -> None:
    deliver(told([4.0], NOON, after=1), version=2)
    assert [version for _, version, _ in versions_by_series()] == [0]


def test_totals_follow_the_weather_as_far_as_it_is_known(
    heated: dict[str, Any], deliver: Any, client_for: Any, alice: Any
) -> None:
    def totals() -> dict[str, dict[str, Any]]:
        asked = f"/api/forecasts/totals?device_id={heated['meter']}&period="
        return {period: client_for(alice).get(asked + period).json() for period in ("day", "week", "month")}

    def error(week: dict[str, Any], came: float) -> float:
        return float(abs(week["predicted_kwh"] - came))

    without = totals()
    assert {one["reason"] for one in without.values()} == {""}

    deliver(told(heated["celsius"].tolist(), NOON - timedelta(days=28), plant_id=heated["plant"]))
    known = totals()

    until_monday = 6 * 24 + 11
    week, blind = known["week"], without["week"]
    came = float(heated["came"][:until_monday].sum()) + week["actual_kwh"]
    assert error(week, came) < 0.5 * error(blind, came)
    assert week["lower_80"] < came < week["upper_80"]
    past = week["past"][0]["actual_kwh"]
    assert error(week["past"][0], past) < 0.5 * error(blind["past"][0], past)
    assert known["day"]["reason"] == week["reason"] == "with the plant's temperature"
    assert known["month"]["reason"].startswith("with the plant's temperature for the first 24 hours alone")


def test_past_totals_are_told_with_no_more_of_the_weather_than_is_known_ahead_now(
    heated: dict[str, Any], deliver: Any, client_for: Any, alice: Any
) -> None:
    def past() -> list[float]:
        answer = client_for(alice).get(f"/api/forecasts/totals?device_id={heated['meter']}&period=day")
        return [one["predicted_kwh"] for one in answer.json()["past"]]

    without = past()
    deliver(told(heated["celsius"][: 28 * 24].tolist(), NOON - timedelta(days=28), plant_id=heated["plant"]))
    assert past() == without
