"""Alice trains a model of her meter: a job with progress, a saved model, and forecasts made with it."""

import json
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from forecast_service.conftest import NOON
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.planning import take_up_changes
from forecast_service.forecasts.services import UNDONE, issue_planned
from forecast_service.training.jobs import MOST_ATTEMPTS, MOST_OPEN, hand_out_jobs, run_job
from forecast_service.training.models import Job, SavedModel

pytestmark = pytest.mark.django_db
MODELS, JOBS = "/api/forecasts/models", "/api/forecasts/jobs"


@pytest.fixture
def meter(device, plant, hours, habit, alice, bob):
    found = device(alice, bob, plant_id=plant())
    hours(found, habit(30))
    return found


def train(client, meter, **asked):
    answer = client.post(MODELS, {"scope": f"device_{meter}", **asked})
    assert answer.status_code == 202, answer.json()
    return answer.json()["job"]


def trained(client, meter, **asked):
    job = train(client, meter, **asked)
    assert run_job(job_id=uuid.UUID(job))
    return client.get(f"{JOBS}/{job}").json()


def test_auto_tries_them_all_and_says_why(meter, alice, client_for):
    client = client_for(alice)
    job = client.get(f"{JOBS}/{train(client, meter)}").json()
    assert (job["state"], job["progress"], job["model"]) == ("queued", 0, "auto")
    run_job(job_id=uuid.UUID(job["id"]))
    job = client.get(f"{JOBS}/{job['id']}").json()
    assert (job["state"], job["progress"], job["error"]) == ("done", 1, None)
    model = client.get(f"{MODELS}/{job['model_id']}").json()
    assert set(model["errors"]) == {
        *("sarimax", "linear_regression", "random_forest", "seasonal_naive_24", "seasonal_naive_168")
    }
    assert all(one["hours"] == 168 for one in model["errors"].values())
    assert model["reason"].startswith(f"{model['forecaster']}: error")
    assert (model["version"], model["is_current"]) == (1, True)


@pytest.mark.parametrize("asked", ["sarimax", "linear_regression", "random_forest"])
def test_a_model_asked_for_by_name_forecasts(meter, alice, client_for, asked):
    client = client_for(alice)
    job = trained(client, meter, model=asked)
    told = client.get("/api/forecasts", {"device_id": str(meter)}).json()
    assert (told["model"], told["fallback"]) == (asked, None)
    assert "asked for by name" in told["reason"]
    assert told["accuracy"]["hours"] == 168
    model = client.get(f"{MODELS}/{job['model_id']}").json()
    assert bool(model["parameters"]) == (asked == "sarimax")
    assert len(json.dumps(model["parameters"])) < 4096


def test_seasonal_naive_takes_the_better_season(meter, alice, client_for):
    client = client_for(alice)
    trained(client, meter, model="seasonal_naive")
    assert SavedModel.objects.get().forecaster in {"seasonal_naive_24", "seasonal_naive_168"}
    assert set(SavedModel.objects.get().errors) == {"seasonal_naive_24", "seasonal_naive_168"}


def test_the_next_hours_are_forecast_with_it_too_and_nobody_chooses_again(meter, hours, alice, client_for):
    trained(client_for(alice), meter, model="linear_regression")
    hours(meter, [0.5] * 30, until=NOON + timedelta(hours=30))
    take_up_changes()
    plans = list(take_plans(meter))
    assert issue_planned(plan_ids=plans) == 1
    row = Forecast.objects.get(scope=f"device_{meter}", is_current=True)
    assert (row.model, row.history_until) == ("linear_regression", NOON + timedelta(hours=30))


def take_plans(meter):

    return Plan.objects.filter(scope=f"device_{meter}").values_list("pk", flat=True)


def test_a_heavy_model_leaves_the_waiting_to_a_light_one(meter, hours, alice, client_for):
    client = client_for(alice)
    trained(client, meter, model="random_forest")
    hours(meter, [0.5], until=NOON + timedelta(hours=1))
    told = client.get("/api/forecasts", {"device_id": str(meter)}).json()
    assert told["model"] == "sarimax"
    assert "random_forest takes seconds" in told["fallback"]


def test_a_list_with_a_model_is_forecast_like_any_scope(device, meter, hours, habit, alice, client_for):
    client, other = client_for(alice), device(alice)
    hours(other, habit(30, level=2))
    scope = f"device_{other},device_{meter}"
    answer = client.post(MODELS, {"scope": scope, "model": "sarimax"})
    run_job(job_id=uuid.UUID(answer.json()["job"]))
    told = client.get("/api/forecasts", {"device_ids": f"{meter},{other}"}).json()
    assert told["issued_at"] == Forecast.objects.get().issued_at.isoformat().replace("+00:00", "Z")
    hours(meter, [0.5], until=NOON + timedelta(hours=1))
    hours(other, [0.5], until=NOON + timedelta(hours=1))
    take_up_changes()
    assert {scope.count(",") for scope in Forecast.objects.values_list("scope", flat=True)} == {1}

    assert Plan.objects.filter(scope=Forecast.objects.get().scope, due_until=NOON + timedelta(hours=1)).exists()


def test_versions_count_up_and_deleting_falls_back(meter, alice, client_for):
    client = client_for(alice)
    first = trained(client, meter, model="sarimax")["model_id"]
    second = trained(client, meter, model="seasonal_naive")["model_id"]
    listed = client.get(MODELS, {"scope": f"device_{meter}"}).json()
    assert listed["count"] == 2
    assert [(one["id"], one["version"], one["is_current"]) for one in listed["results"]] == [
        (second, 2, True),
        (first, 1, False),
    ]
    assert "parameters" not in listed["results"][0]
    assert client.delete(f"{MODELS}/{second}").status_code == 204
    assert client.get(f"{MODELS}/{second}").status_code == 404
    assert client.get(f"{MODELS}/{first}").json()["is_current"] is True


def test_what_a_deleted_model_forecast_goes_with_it(meter, alice, client_for):
    client = client_for(alice)

    def speaks():
        return client.get("/api/forecasts", {"device_id": str(meter)}).json()["model"]

    take_up_changes()
    plans = list(Plan.objects.values_list("pk", flat=True))
    issue_planned(plan_ids=plans)
    job = trained(client, meter, model="seasonal_naive")
    assert speaks().startswith("seasonal_naive")
    client.delete(f"{MODELS}/{job['model_id']}")
    assert speaks() == "sarimax"
    assert [plan.scope for plan in Plan.objects.filter(UNDONE)] == [f"device_{meter}"]
    assert issue_planned(plan_ids=plans) == 1
    assert Forecast.objects.get(scope=f"device_{meter}", is_current=True).model == "sarimax"


def test_who_sees_and_deletes_what(meter, alice, bob, charlie, admin, client_for):
    job = trained(client_for(alice), meter, model="sarimax")
    model = f"{MODELS}/{job['model_id']}"
    for person, count in ((alice, 1), (bob, 1), (charlie, 0), (admin, 1)):
        client = client_for(person)
        assert client.get(MODELS).json()["count"] == count
        assert client.get(model).status_code == (200 if count else 404)
        assert client.get(f"{JOBS}/{job['id']}").status_code == (200 if person in (alice, admin) else 404)
    assert client_for(None).get(MODELS).status_code == 401
    assert client_for(charlie).post(MODELS, {"scope": f"device_{meter}"}).status_code == 404
    assert client_for(charlie).delete(model).status_code == 404
    assert client_for(bob).delete(model).status_code == 403
    assert client_for(admin).delete(model).status_code == 204


def test_the_models_of_a_plant_need_the_right_to_all_of_it(device, plant, hours, habit, alice, bob, client_for):
    house = plant()
    for owners in ((alice, bob), (alice,)):
        hours(device(*owners, plant_id=house), habit(12))
    answer = client_for(alice).post(MODELS, {"scope": f"plant_{house}", "model": "seasonal_naive"})
    run_job(job_id=uuid.UUID(answer.json()["job"]))
    assert client_for(alice).get(MODELS).json()["count"] == 1
    assert client_for(bob).get(MODELS).json()["count"] == 0


@pytest.mark.parametrize(
    ("asked", "field", "said"),
    [
        ({"scope": "house"}, "scope", "'house' is no scope"),
        ({}, "scope", "required"),
        ({"scope": f"device_{uuid.uuid4()}", "model": "crystal_ball"}, "model", "crystal_ball"),
        ({"scope": ",".join(f"device_{uuid.uuid4()}" for _ in range(60))}, "scope", "2400"),
    ],
)
def test_a_question_that_cannot_be_read_is_quoted(alice, client_for, asked, field, said):
    answer = client_for(alice).post(MODELS, asked)
    assert answer.status_code == 400
    assert said in str(answer.json()[field])


def test_without_history_there_is_a_conflict_at_once_or_a_failed_job_later(device, hours, alice, client_for):
    young, client = device(alice), client_for(alice)
    answer = client.post(MODELS, {"scope": f"device_{young}"})
    assert (answer.status_code, "No complete hour" in answer.json()["detail"]) == (409, True)
    hours(young, [1.0, 2.0, 3.0])
    job = trained(client, young)
    assert job["state"] == "failed"
    assert "3 complete hours are known" in job["error"]
    assert not SavedModel.objects.exists()


def test_the_same_question_is_the_same_job_and_there_are_not_too_many(meter, alice, client_for):
    client = client_for(alice)
    assert train(client, meter) == train(client, meter)
    asked = {"scope": "x", "kind": "consumption", "created_by": alice.id}
    Job.objects.bulk_create(Job(**asked, asked=str(number)) for number in range(MOST_OPEN))
    answer = client.post(MODELS, {"scope": f"device_{meter}", "model": "sarimax"})
    assert (answer.status_code, f"{MOST_OPEN} of your trainings" in answer.json()["detail"]) == (409, True)


def test_a_job_is_done_once(meter, alice, client_for):
    job = uuid.UUID(train(client_for(alice), meter, model="seasonal_naive"))
    assert run_job(job_id=job)
    assert not run_job(job_id=job)
    assert SavedModel.objects.count() == 1


def test_a_job_that_ends_its_workers_is_given_up(meter, alice, client_for):
    client = client_for(alice)
    job = train(client, meter)
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.update(state="running", attempts=MOST_ATTEMPTS, lease_until=past, enqueued_at=past)
    assert hand_out_jobs() == 0
    told = client.get(f"{JOBS}/{job}").json()
    assert (told["state"], "ended its worker" in told["error"]) == ("failed", True)


def test_the_list_of_models_takes_few_queries(meter, alice, client_for, django_assert_max_num_queries):
    client = client_for(alice)
    for _ in range(3):
        trained(client, meter, model="seasonal_naive")
    with django_assert_max_num_queries(7):
        assert len(client.get(MODELS).json()["results"]) == 3
