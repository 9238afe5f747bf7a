"""`GET /api/forecasts`: Alice asks for her own; what comes back is the contract's shape."""

import json
import uuid
from datetime import datetime, timedelta

import pytest

from forecast_service.conftest import NOON
from forecast_service.forecasts import planning
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.services import issue_planned

pytestmark = pytest.mark.django_db
BOUNDS = ("lower_95", "lower_80", "kwh", "upper_80", "upper_95")


def ask(client, **query):
    return client.get("/api/forecasts", query)


def test_alice_gets_the_next_day_of_her_meter(device, hours, habit, alice, client_for):
    meter = device(alice)
    hours(meter, habit())
    answer = ask(client_for(alice), device_id=str(meter))
    assert answer.status_code == 200
    told = json.loads(answer.content)
    assert set(told) >= {
        "scope", "model", "issued_at", "history_until", "horizon", "points", "accuracy", "fallback"
    }  # fmt: skip
    assert (told["scope"], told["model"], told["fallback"], told["horizon"]) == (f"device_{meter}", "sarimax", None, 24)
    starts = [datetime.fromisoformat(point["start"]) for point in told["points"]]
    assert starts == [NOON + timedelta(hours=n) for n in range(24)]
    assert datetime.fromisoformat(told["history_until"]) == NOON
    for point in told["points"]:
        values = [point[name] for name in BOUNDS]
        assert values == sorted(values)
        assert values[0] >= 0
    assert max(told["points"], key=lambda point: point["kwh"])["start"].startswith("2026-03-02T19")
    assert told["accuracy"]["mase"] < told["accuracy"]["mase_baseline"]
    assert 0 <= told["accuracy"]["coverage_80"] <= 1


@pytest.mark.parametrize("horizon", [1, 168])
@pytest.mark.parametrize("path", ["/api/forecasts", "/api/forecasts/"])
def test_any_horizon_up_to_a_week_with_and_without_slash(device, hours, habit, alice, client_for, horizon, path):
    meter = device(alice)
    hours(meter, habit())
    told = client_for(alice).get(path, {"scope": f"device_{meter}", "horizon": horizon}).json()
    assert len(told["points"]) == told["horizon"] == horizon


@pytest.mark.parametrize(
    ("query", "field", "said"),
    [
        ({}, "scope", "exactly one"),
        ({"scope": "device_12"}, "scope", "'12' is not a UUID"),
        ({"scope": "the_house"}, "scope", "the_house"),
        ({"device_id": "12"}, "device_id", "12"),
        ({"device_ids": ","}, "device_ids", "No device"),
        ({"scope": f"device_{uuid.uuid4()}", "device_id": str(uuid.uuid4())}, "scope", "exactly one"),
        ({"device_id": str(uuid.uuid4()), "horizon": "0"}, "horizon", "1"),
        ({"device_id": str(uuid.uuid4()), "horizon": "169"}, "horizon", "168"),
        ({"device_id": str(uuid.uuid4()), "horizon": "soon"}, "horizon", "integer"),
        ({"device_id": str(uuid.uuid4()), "kind": "gas"}, "kind", "gas"),
    ],
)
def test_a_question_that_cannot_be_read_is_quoted(client_for, alice, query, field, said):
    answer = ask(client_for(alice), **query)
    assert answer.status_code == 400
    assert said in str(answer.json()[field])


@pytest.mark.parametrize("name", ["device_id", "device_ids"])
def test_devices_named_one_by_one_are_all_of_them(device, hours, habit, alice, client_for, name):
    first, second = device(alice), device(alice)
    for meter in (first, second):
        hours(meter, habit())
    client = client_for(alice)
    together = ask(client, device_ids=f"{first},{second}").json()
    assert ask(client, **{name: [first, second]}).json()["scope"] == together["scope"]


def test_nothing_to_forecast_from_is_a_conflict_with_the_reason(device, hours, alice, client_for):
    meter = device(alice)
    answer = ask(client_for(alice), device_id=str(meter))
    assert (answer.status_code, answer.json()["detail"][:35]) == (409, "No complete hour has arrived yet; a")
    hours(meter, [1.0, 2.0] * 5)
    answer = ask(client_for(alice), device_id=str(meter))
    assert answer.status_code == 409
    assert "10 complete hours" in answer.json()["detail"]
    assert ask(client_for(alice), scope=f"device_{meter}", kind="production").status_code == 409


def test_a_fallback_names_its_reason(device, hours, habit, alice, client_for):
    meter = device(alice)
    hours(meter, habit(3))
    told = ask(client_for(alice), device_id=str(meter)).json()
    assert told["model"] == "seasonal_naive_24"
    assert "72 complete hours" in told["fallback"]
    hours(meter, [0.0] * 400, version=2)
    told = ask(client_for(alice), device_id=str(meter)).json()
    assert told["model"] == "constant"
    assert all(point["upper_95"] == 0 for point in told["points"])


def test_a_running_hour_and_gaps_are_no_history(device, hours, habit, alice, client_for):
    meter = device(alice)
    history = habit()
    history[300:340] = [None] * 40
    hours(meter, history)
    hours(meter, [0.01], until=NOON + timedelta(hours=1), quality="partial", readings=1)
    told = ask(client_for(alice), device_id=str(meter)).json()
    assert told["points"][0]["start"] == "2026-03-02T12:00:00Z"
    assert told["points"][0]["kwh"] > 0.1
    assert told["fallback"] is None


def test_a_late_revision_changes_the_next_answer(device, hours, habit, alice, client_for):
    meter = device(alice)
    hours(meter, habit())
    client = client_for(alice)
    before = ask(client, device_id=str(meter)).json()["points"]
    hours(meter, [30.0] * 24, until=NOON - timedelta(hours=5), version=2, quality="late")
    after = ask(client, device_id=str(meter)).json()["points"]
    assert sum(point["kwh"] for point in after) > 1.2 * sum(point["kwh"] for point in before)


def test_an_answer_on_demand_stores_nothing(device, hours, habit, alice, client_for):
    meter = device(alice)
    hours(meter, habit())
    ask(client_for(alice), device_id=str(meter))
    assert not Forecast.objects.exists()


@pytest.mark.parametrize("scope", ["device", "plant", "user"])
def test_a_stored_forecast_takes_few_queries(
    device, plant, hours, habit, alice, client_for, tell_of, django_assert_num_queries, scope
):
    tell_of(alice)
    house = plant()
    for _ in range(3):
        meter = device(alice, plant_id=house)
        hours(meter, habit(15))
    planning.take_up_changes()
    issue_planned(plan_ids=list(Plan.objects.values_list("pk", flat=True)))
    named = {"device": f"device_{meter}", "plant": f"plant_{house}", "user": f"user_{alice.id}_all"}[scope]
    client = client_for(alice)
    client.get("/api/forecasts", {"scope": named})
    with django_assert_num_queries(4 if scope == "plant" else 3):
        told = client.get("/api/forecasts", {"scope": named, "horizon": 30})
    assert len(told.json()["points"]) == 30
    assert told.json()["issued_at"]
