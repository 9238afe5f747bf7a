"""Something is wrong with Alice's meter: it is told once, with what to do; what she calls normal is not told again."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from forecast_service.anomalies.models import Anomaly
from forecast_service.anomalies.services import purge_old_anomalies
from forecast_service.conftest import NOON
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.planning import take_up_changes
from forecast_service.forecasts.rows import ENERGIES
from forecast_service.forecasts.services import issue_planned
from service_kit.events import AnomalyJudged, SeriesHour, SeriesUpdated

pytestmark = pytest.mark.django_db
ANOMALIES = "/api/forecasts/anomalies"


@pytest.fixture
def meter(device, plant, hours, habit, alice, bob):
    found = device(alice, bob, plant_id=plant())
    hours(found, habit(40))
    return found


@pytest.fixture
def look(hours):
    """`look(meter, [0, 0], after=3)`: these hours come, the first of them `after` hours behind NOON, and are looked at."""

    def go(meter, values, *, after=0):
        hours(meter, values, until=NOON + timedelta(hours=after + len(values)))
        take_up_changes()
        issue_planned(plan_ids=list(Plan.objects.values_list("pk", flat=True)))

    return go


def test_a_fault_is_told_once_and_grows_while_it_lasts(meter, look, alice, client_for):
    look(meter, [0.0] * 6)
    one = Anomaly.objects.get(fault="no_consumption")
    assert (one.device_id, one.start, one.end) == (meter, NOON, NOON + timedelta(hours=6))
    assert (one.actual_kwh, one.expected_kwh > 1, one.second_opinion is not None) == (0, True, True)
    look(meter, [0.0] * 4, after=6)
    again = Anomaly.objects.get(fault="no_consumption")
    assert (again.pk, again.start, again.end) == (one.pk, NOON, NOON + timedelta(hours=10))
    assert again.expected_kwh > one.expected_kwh
    assert (again.state, again.version) == ("open", 2)
    told = client_for(alice).get(ANOMALIES, {"scope": f"device_{meter}"}).json()["results"]
    supply = next(row for row in told if row["fault"] == "no_consumption")
    assert "Check the supply" in supply["recommendation"]
    assert (supply["actual_kwh"], supply["normal"]) == (0, False)


def test_every_change_is_told_to_the_other_services(meter, look, habit, alice, client_for, published):
    """Told when it is found, when it goes on, when it ends and when Alice calls it normal."""
    look(meter, [0.0] * 6)
    look(meter, [0.0] * 4, after=6)
    look(meter, list(np.array(habit(2))[10:]), after=10)
    one = Anomaly.objects.get(fault="no_consumption")
    client_for(alice).patch(f"{ANOMALIES}/{one.pk}", {"normal": True})
    client_for(alice).patch(f"{ANOMALIES}/{one.pk}", {"normal": True})
    told = [each for each in published() if getattr(each.event, "id", None) == one.pk]
    assert [(each.version, each.event.state) for each in told] == [
        (1, "open"),
        (2, "open"),
        (3, "ended"),
        (4, "normal"),
    ]
    first = told[0].event
    assert (first.device_id, first.kind, first.fault, first.severity) == (meter, "fault", "no_consumption", "high")
    assert (first.start, first.end, first.actual_kwh) == (NOON, NOON + timedelta(hours=6), 0)
    assert first.message.startswith("Nothing at all is used")
    assert f"{first.expected_kwh:.3g} kWh expected" in first.message


def test_what_is_called_normal_where_alerts_are_shown_is_learnt_here(meter, look, deliver, published):
    look(meter, [0.0] * 6)
    one = Anomaly.objects.get(fault="no_consumption")
    for _ in range(2):
        deliver(AnomalyJudged(id=one.pk, normal=True), version=1)
    deliver(AnomalyJudged(id=uuid.uuid4(), normal=True), version=1)  # one that is gone
    assert Anomaly.objects.get(pk=one.pk).normal
    told = [each.event.state for each in published() if getattr(each.event, "id", None) == one.pk]
    assert told == ["open", "normal"]


def test_an_hour_is_held_against_the_forecast_that_was_issued_a_day_ago(meter, look, habit):
    usual = habit(2)
    look(meter, usual[:1])
    issued = Forecast.objects.get(scope=f"device_{meter}")
    look(meter, usual[1:24], after=1)
    look(meter, usual[24:25], after=24)
    assert not Anomaly.objects.exists()
    Forecast.objects.filter(pk=issued.pk).update(
        **{name: [value] * 168 for name, value in zip(ENERGIES, (9.0, 8.9, 9.1, 8.8, 9.2), strict=True)}
    )
    Plan.objects.update(done_until=None)
    look(meter, [], after=25)
    assert [one.fault for one in Anomaly.objects.all()] == ["unusually_low"]
    assert Anomaly.objects.get().expected_kwh == pytest.approx(9 * 24)


def test_a_sound_meter_has_none(meter, look, habit):
    look(meter, list(np.array(habit(1))))
    assert not Anomaly.objects.exists()


def test_while_the_data_is_partial_nothing_is_told(meter, look):
    look(meter, [0.0, 0.0, 0.0, None, 0.0, 0.0])
    assert not Anomaly.objects.filter(fault="no_consumption").exists()


def test_what_is_called_normal_is_not_told_again(meter, look, habit, alice, client_for):
    usual = np.array(habit(4))

    def party(day):
        at = slice(24 * day, 24 * day + 6)
        look(meter, list(usual[at] + 5), after=24 * day)
        return Anomaly.objects.filter(fault="unusually_high").count()

    assert party(0) == 1
    one = Anomaly.objects.get(fault="unusually_high")
    told = client_for(alice).patch(f"{ANOMALIES}/{one.pk}", {"normal": True})
    assert (told.status_code, told.json()["normal"]) == (200, True)
    look(meter, list(usual[6:72]), after=6)
    assert party(3) == 1
    Anomaly.objects.update(normal=False)
    look(meter, [6.0], after=78)
    assert Anomaly.objects.filter(fault="unusually_high").count() == 2


def test_who_sees_and_teaches_what(meter, look, alice, bob, charlie, admin, client_for):
    look(meter, [0.0] * 6)
    one = Anomaly.objects.filter(fault="no_consumption").get()
    for person, sees in ((alice, True), (bob, True), (charlie, False), (admin, True)):
        client = client_for(person)
        assert (client.get(ANOMALIES).json()["count"] > 0) == sees
        assert client.get(ANOMALIES, {"scope": f"device_{meter}"}).status_code == (200 if sees else 404)
        assert client.get(f"{ANOMALIES}/{one.pk}").status_code == (200 if sees else 404)
        assert client.patch(f"{ANOMALIES}/{one.pk}", {"normal": True}).status_code == (200 if sees else 404)
    assert client_for(None).get(ANOMALIES).status_code == 401
    assert client_for(alice).get(f"{ANOMALIES}/{uuid.uuid4()}").status_code == 404


def test_between_two_instants(meter, look, alice, client_for):
    look(meter, [0.0] * 6)
    client = client_for(alice)
    later, before = (NOON + timedelta(hours=6)).isoformat(), NOON.isoformat()
    assert client.get(ANOMALIES, {"start": later}).json()["count"] == 0
    assert client.get(ANOMALIES, {"end": before}).json()["count"] == 0
    assert client.get(ANOMALIES, {"start": before, "end": later}).json()["count"] >= 1
    answer = client.get(ANOMALIES, {"start": "yesterday", "scope": "house"})
    assert answer.status_code == 400
    assert set(answer.json()) == {"start", "scope"}


def test_the_list_takes_few_queries(meter, look, alice, client_for, django_assert_max_num_queries):
    look(meter, [0.0] * 6)
    client = client_for(alice)
    with django_assert_max_num_queries(4):
        client.get(ANOMALIES)


@pytest.fixture
def heated(device, plant, hours, habit, deliver):
    """`heated(known=True)`: a home that is heated, in mild weather with a cold half day now and then; `more` kWh in the last hours.

    The last half day is cold, or else it is `celsius`.
    """

    def make(*, known, celsius=2.0, more=0.0):
        house = plant()
        meter = device(plant_id=house)
        ago = np.arange(40 * 24)[::-1]
        past = np.where(ago // 12 % 17 == 9, 2.0, 11 + 3 * np.cos(ago / 40))
        weather = np.concatenate([past, np.full(12, celsius)])
        energy = np.array(habit(40.5)) + 0.4 * np.maximum(15 - weather, 0)
        energy[-12:] += more
        hours(meter, energy)
        if known:
            start = NOON - timedelta(hours=len(weather))
            told = [SeriesHour(start=start + timedelta(hours=n), value=one) for n, one in enumerate(weather.tolist())]
            deliver(SeriesUpdated(plant_id=house, name="temperature", unit="°C", hours=told))
        return meter

    return make


@pytest.mark.parametrize(("known", "faults"), [(False, ["unusually_high"]), (True, [])])
def test_what_is_only_cold_weather_is_told_only_where_nobody_knows_the_temperature(heated, look, known, faults):
    look(heated(known=known), [])
    assert [one.fault for one in Anomaly.objects.all()] == faults


def test_what_the_weather_does_not_explain_is_told_as_such(heated, look, client_for, admin, published):
    look(heated(known=True, celsius=14.0, more=6.0), [])
    (one,) = client_for(admin).get(ANOMALIES).json()["results"]
    assert (one["fault"], one["with_temperature"]) == ("unusually_high", True)
    told = [each.event.message for each in published() if each.event.type == "anomaly.detected"]
    assert [message.endswith("expected at this temperature.") for message in told] == [True]


def test_what_ended_long_ago_is_forgotten(meter, look, settings):
    look(meter, [0.0] * 6)
    assert purge_old_anomalies() == 0
    Anomaly.objects.update(end=timezone.now() - timedelta(days=settings.ANOMALY_KEEP_DAYS, hours=-1))
    assert purge_old_anomalies() == 0
    Anomaly.objects.update(end=timezone.now() - timedelta(days=settings.ANOMALY_KEEP_DAYS, hours=1))
    assert purge_old_anomalies() > 0
    assert not Anomaly.objects.exists()
