"""An hour closes, the scopes it belongs to are forecast anew, each once, and the others are told."""

import threading
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from forecast_service.conftest import NOON
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.planning import take_up_changes
from forecast_service.forecasts.services import issue_planned, purge_past_forecasts
from forecast_service.training.models import SavedModel
from service_kit.events import ForecastIssued
from service_kit.models import OutboxEvent

pytestmark = pytest.mark.django_db


def issue_all():
    return issue_planned(plan_ids=list(Plan.objects.values_list("pk", flat=True)))


@pytest.fixture
def home(device, plant, hours, habit, alice):
    house = plant()
    meter = device(alice, plant_id=house)
    hours(meter, habit(15))
    return {"plant": house, "meter": meter}


def test_a_closed_hour_makes_each_of_its_scopes_due_once(home, hours, alice):
    scopes = {f"device_{home['meter']}", f"plant_{home['plant']}", f"user_{alice.id}_all"}
    assert take_up_changes() == 1
    assert {plan.scope for plan in Plan.objects.all()} == scopes
    assert issue_all() == 3
    assert take_up_changes() == 0
    assert issue_all() == 0
    hours(home["meter"], [0.5], until=NOON + timedelta(hours=1))
    take_up_changes()
    assert issue_all() == 3
    assert Forecast.objects.filter(is_current=True).count() == 3
    assert Forecast.objects.filter(is_current=False, history_until=NOON).count() == 3


def test_a_late_revision_alone_waits_for_the_next_hour(home, hours):
    take_up_changes()
    issue_all()
    hours(home["meter"], [9.0], until=NOON - timedelta(days=1), version=2)
    assert take_up_changes() == 1
    assert issue_all() == 0
    hours(home["meter"], [0.5], until=NOON + timedelta(hours=1))
    take_up_changes()
    assert issue_all() == 3


def test_the_stored_forecast_answers_while_it_is_current(home, hours, alice, client_for):
    client, query = client_for(alice), {"device_id": str(home["meter"]), "horizon": 48}
    on_demand = client.get("/api/forecasts", query).json()
    take_up_changes()
    issue_all()
    row = Forecast.objects.get(scope=f"device_{home['meter']}")
    stored = client.get("/api/forecasts", query).json()
    assert stored["issued_at"] == row.issued_at.isoformat().replace("+00:00", "Z")
    assert set(stored) == set(on_demand)
    assert set(stored["accuracy"]) == set(on_demand["accuracy"])
    for here, there in zip(stored["points"], on_demand["points"], strict=True):
        assert here["kwh"] == pytest.approx(there["kwh"], rel=1e-9)
        assert here["upper_95"] == pytest.approx(there["upper_95"], rel=1e-9)
    hours(home["meter"], [0.5], until=NOON + timedelta(hours=1))
    assert client.get("/api/forecasts", query).json()["issued_at"] != stored["issued_at"]


def test_a_stored_answer_takes_few_queries(home, alice, client_for, django_assert_max_num_queries):
    take_up_changes()
    issue_all()
    client = client_for(alice)
    with django_assert_max_num_queries(6):
        assert client.get("/api/forecasts", {"device_id": str(home["meter"])}).status_code == 200


def test_each_stored_forecast_is_told_with_the_state_it_has(home, published):
    take_up_changes()
    issue_all()
    told = {one.event.scope: one for one in published() if isinstance(one.event, ForecastIssued)}
    assert set(told) == set(Forecast.objects.values_list("scope", flat=True))
    row = Forecast.objects.get(scope=f"device_{home['meter']}")
    one = told[row.scope]
    assert one.version == row.pk
    assert (one.event.points[0].start, len(one.event.points)) == (NOON, 168)
    assert [point.kwh for point in one.event.points] == row.kwh


def test_of_a_plant_the_leading_kind_is_told(home, device, hours, habit, published):
    panels = device(plant_id=home["plant"], kind="production")
    hours(panels, habit(15, level=3))
    take_up_changes()
    assert issue_all() == 5
    told = [one.event.scope for one in published()]
    assert sorted(told) == sorted({*told, f"device_{panels}"})
    plant = Forecast.objects.get(scope=f"plant_{home['plant']}", kind="consumption")
    assert [one.version for one in published() if one.event.scope == plant.scope] == [plant.pk]


def test_a_resync_tells_the_current_forecasts_as_they_were_told(home, device, hours, habit, published):
    panels = device(plant_id=home["plant"], kind="production")
    hours(panels, habit(15, level=3))
    take_up_changes()
    issue_all()
    before = {one.event.scope: (one.event, one.version) for one in published()}
    OutboxEvent.objects.all().delete()
    call_command("resync")
    assert {one.event.scope: (one.event, one.version) for one in published()} == before


def test_one_scope_that_cannot_be_forecast_does_not_stop_the_others(home, device, hours):
    young = device()
    hours(young, [1.0] * 5)
    take_up_changes()
    assert issue_all() == 3
    plan = Plan.objects.get(scope=f"device_{young}")
    assert "5 complete hours" in plan.last_error
    assert plan.done_until == plan.due_until


def test_a_plan_whose_device_has_gone_goes_too(home, delete_device):
    take_up_changes()
    delete_device(home["meter"], version=9)
    assert issue_all() == 0
    assert not Plan.objects.filter(scope__startswith="device_").exists()


def test_the_workers_choose_once_a_day_and_say_why(home, hours, alice, client_for):
    take_up_changes()
    issue_all()
    model = SavedModel.objects.get(scope=f"device_{home['meter']}")
    assert (model.asked, model.forecaster, model.version, model.created_by) == ("auto", "sarimax", 0, None)
    told = client_for(alice).get("/api/forecasts", {"device_id": str(home["meter"])}).json()
    assert told["reason"] == model.reason
    assert "sarimax: error" in model.reason
    assert told["accuracy"]["mase"] == model.errors["sarimax"]["mase"]
    week = [0.1, 3.0, 0.1, 0.1, 0.1, 5.0, 0.1] * 24  # no day is like the one before, each week like the last
    hours(home["meter"], week * 8, until=NOON + timedelta(hours=25), version=2)
    take_up_changes()
    issue_all()
    model.refresh_from_db()
    assert (model.forecaster, model.version) == ("seasonal_naive_168", 0)
    assert Forecast.objects.get(scope=model.scope, is_current=True).model == "seasonal_naive_168"


def test_a_hundred_scopes_take_no_more_queries_than_three(device, hours, habit):
    def queries(count):
        for _ in range(count):
            hours(device(), habit(9))
        with CaptureQueriesContext(connection) as planning:
            take_up_changes()
        with CaptureQueriesContext(connection) as issuing:
            assert issue_all() == count
        return len(planning), len(issuing)

    assert queries(3) == queries(25)


def test_of_many_new_scopes_some_choose_each_hour_until_all_have(device, hours, habit):
    """All are forecast at once; the backtests of all of them at once would hold up the hour."""
    meters = [device() for _ in range(20)]
    chosen = []
    for hour in range(4):
        for meter in meters:
            hours(meter, habit(9)[:1] if hour else habit(9), until=NOON + timedelta(hours=hour))
        take_up_changes()
        assert issue_all() == 20
        chosen.append(SavedModel.objects.count())
    assert chosen == [8, 16, 20, 20]
    first = Forecast.objects.filter(history_until=NOON)
    assert {row.model for row in first} == {"sarimax"}
    assert first.filter(reason="").count() == 12
    assert not Forecast.objects.filter(is_current=True, reason="").exists()


def test_accuracy_is_measured_once_a_day(home, hours):
    take_up_changes()
    issue_all()
    first = Forecast.objects.get(scope=f"device_{home['meter']}").accuracy
    hours(home["meter"], [0.5], until=NOON + timedelta(hours=1))
    take_up_changes()
    issue_all()
    assert Forecast.objects.get(scope=f"device_{home['meter']}", is_current=True).accuracy == first
    hours(home["meter"], [0.5] * 24, until=NOON + timedelta(hours=25))
    take_up_changes()
    issue_all()
    assert Forecast.objects.get(scope=f"device_{home['meter']}", is_current=True).accuracy != first


def test_past_forecasts_go_after_their_time_and_the_current_one_stays(home, hours, settings):
    take_up_changes()
    issue_all()
    hours(home["meter"], [0.5], until=NOON + timedelta(hours=1))
    take_up_changes()
    issue_all()
    Forecast.objects.update(issued_at=timezone.now() - timedelta(days=settings.FORECAST_KEEP_DAYS + 1))
    assert purge_past_forecasts() == 3
    assert set(Forecast.objects.values_list("is_current", flat=True)) == {True}


@pytest.mark.django_db(transaction=True)
def test_a_plan_in_another_workers_hands_is_left_to_it(home):
    take_up_changes()
    plan = Plan.objects.get(scope__startswith="device_")
    held, go = threading.Event(), threading.Event()

    def other_worker():
        with transaction.atomic():
            Plan.objects.select_for_update().get(pk=plan.pk)
            held.set()
            go.wait(20)
        connection.close()

    thread = threading.Thread(target=other_worker)
    thread.start()
    assert held.wait(20)
    assert issue_planned(plan_ids=[plan.pk]) == 0
    go.set()
    thread.join()
    assert issue_planned(plan_ids=[plan.pk]) == 1
