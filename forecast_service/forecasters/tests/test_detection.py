"""Faults put into sound series: each is found and named; a sound meter and a partial one are left in peace."""

import numpy as np
import pytest

from forecast_service.forecasters.base import DAY, History, Place
from forecast_service.forecasters.choose import SARIMAX
from forecast_service.forecasters.detection import ADVICE, findings
from forecast_service.forecasters.odd_days import oddness
from forecast_service.forecasters.tests.conftest import without


def found(history: History, *, production: bool = False) -> dict:
    expected = SARIMAX.forecast(history.before(DAY), DAY, Place())
    return {one.fault: one for one in findings(history, expected, production=production)}


def changed(history: History, change) -> History:
    values = history.values.copy()
    change(values)
    return History(history.start, values)


def spike(values):
    values[-1] = 25


def left_on(values):
    values[-8:] += 4.5


def dark_house(values):
    values[-8:] = 0


def stuck(values):
    values[-14:] = values[-15]


def always_on(values):
    values[-72:] += 0.5


def creeping(values):
    values[-28 * DAY :] += np.linspace(0, 0.35, 28 * DAY)


HOME_FAULTS = {
    "spike": spike,
    "unusually_high": left_on,
    "no_consumption": dark_house,
    "meter_stuck": stuck,
    "base_load_up": always_on,
    "base_load_crept_up": creeping,
}


@pytest.mark.parametrize("fault", HOME_FAULTS)
def test_a_fault_of_a_home_is_found_and_named(home, fault):
    shown = found(changed(home(), HOME_FAULTS[fault]))
    assert fault in shown
    one = shown[fault]
    assert 0 <= one.confidence <= 1
    assert one.end == home().end
    assert (one.actual_kwh > one.expected_kwh) == (
        fault not in {"no_consumption", "meter_stuck"}
    ) or fault == "meter_stuck"
    assert ADVICE[one.fault]


def lost(values):
    values[-DAY:] = 0


def string_down(values):
    values[-7 * DAY :] *= 0.5


@pytest.mark.parametrize(("fault", "change"), [("production_lost", lost), ("production_reduced", string_down)])
def test_a_fault_of_panels_is_found_and_named(solar, fault, change):
    assert fault in found(changed(solar(), change), production=True)


def test_a_sound_meter_has_no_alarm_for_weeks(home, solar):
    for history, production in ((home(), False), (solar(), True)):
        alarms = [found(history.before(3 * step), production=production) for step in range(100)]
        assert sum(map(bool, alarms)) <= 1


@pytest.mark.parametrize("fault", ["no_consumption", "base_load_up", "meter_stuck"])
def test_while_hours_are_missing_it_waits(home, fault):
    history = changed(home(), HOME_FAULTS[fault])
    assert fault not in found(without(history, len(history.values) - 3, len(history.values) - 2))


def test_a_young_meter_is_judged_by_its_forecast_alone(home):
    assert set(found(changed(home(10), left_on))) == {"unusually_high"}


def test_the_second_opinion_knows_an_odd_day(home):
    usual, odd = oddness(home()), oddness(changed(home(), left_on))
    assert usual is not None
    assert odd is not None
    assert odd > 0.95 > usual
    assert oddness(home(20)) is None
