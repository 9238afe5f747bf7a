"""Several meters are one sum: kinds apart, sub-meters once, silent members named."""

from datetime import timedelta

import numpy as np
import pytest

from forecast_service.conftest import NOON
from forecast_service.forecasts.pipeline import histories_of, total
from forecast_service.forecasts.scopes import Scope, populate

pytestmark = pytest.mark.django_db


def population(*devices, kind=None):
    return populate(Scope("devices", devices), caller=None, kind=kind)


def test_the_sum_is_that_of_the_hours(device, hours, habit):
    one, other = device(), device()
    hours(one, habit(10))
    hours(other, habit(10, level=2))
    (history,) = histories_of([population(one, other)])
    assert np.allclose(history.values, 3 * np.array(habit(10)))


def test_consumption_and_production_are_apart(device, plant, hours, habit, alice, client_for):
    house = plant()
    meter, panels = device(alice, plant_id=house), device(alice, plant_id=house, kind="production")
    hours(meter, habit(10))
    hours(panels, habit(10, level=5))
    client, scope = client_for(alice), {"scope": f"plant_{house}"}
    used = client.get("/api/forecasts", scope).json()
    made = client.get("/api/forecasts", {**scope, "kind": "production"}).json()
    assert (used["kind"], used["timezone"]) == ("consumption", "Europe/Rome")
    assert (made["kind"], made["timezone"]) == ("production", "UTC")
    assert sum(point["kwh"] for point in made["points"]) > 3 * sum(point["kwh"] for point in used["points"])


def test_a_sub_meter_is_not_counted_twice_and_named(device, hours, habit):
    house = device()
    pump = device(parent_id=house)
    hours(house, habit(10))
    hours(pump, habit(10))
    found = population(house, pump)
    assert [member.id for member in found.members] == [house]
    assert found.left_out == [{"device_id": str(pump), "reason": f"sub-meter of {house}, which counts it already"}]


def test_a_silent_member_does_not_hold_up_the_others(device, hours, habit):
    alive, slow, silent, new = device(), device(), device(), device()
    hours(alive, habit(10))
    hours(slow, habit(10), until=NOON - timedelta(hours=2))
    hours(silent, habit(10), until=NOON - timedelta(days=3))
    found = population(alive, slow, silent, new)
    assert {member.id for member in found.members} == {alive, slow}
    assert found.until == NOON - timedelta(hours=2)
    assert {(one["device_id"], one["reason"]) for one in found.left_out} == {
        (str(silent), "silent since 2026-02-27T12:00:00Z"),
        (str(new), "no complete hour has arrived yet"),
    }


def test_an_hour_that_one_member_misses_is_filled_from_its_own_other_days():
    day = np.arange(24.0)
    one, other = np.tile(day, 3), np.tile(2 * day, 3)
    other[30:33] = np.nan
    both = total(np.stack([one, other]))
    assert np.allclose(both, np.tile(3 * day, 3))
    one[30] = np.nan
    assert np.isnan(total(np.stack([one, other]))[30])
