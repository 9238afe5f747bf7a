"""The Celery worker on the real broker: killed in mid-task, every scope is still forecast, each once."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pika.adapters.blocking_connection import BlockingChannel

from forecast_service.conftest import NOON
from forecast_service.forecasts import planning
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.scopes import Scope, populate
from forecast_service.forecasts.tasks import issue_forecasts
from forecast_service.hours.models import Series
from forecast_service.training.jobs import ask_for_training, hand_out_jobs
from forecast_service.training.models import Job, SavedModel
from forecast_service.worker import app
from service_kit.messaging import connect

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = settings.CELERY_TASK_DEFAULT_QUEUE
PATIENCE = 60


@pytest.fixture
def tasks() -> Callable[[], int]:
    """`tasks()`: how many tasks wait in the workers' queue, which is empty at first."""
    with app.connection_for_write() as link:
        app.amqp.queues[QUEUE](link.default_channel).declare()

    def on_channel(ask: Callable[[BlockingChannel], int]) -> int:
        broker = connect(settings.CELERY_BROKER_URL)
        try:
            return ask(broker.channel())
        finally:
            broker.close()

    on_channel(lambda channel: channel.queue_purge(QUEUE).method.message_count)
    return lambda: on_channel(lambda channel: channel.queue_declare(QUEUE, passive=True).method.message_count)


@pytest.fixture
def worker() -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """`worker(FAULT="...")`: a worker process on the test's own database."""
    started: list[subprocess.Popen[bytes]] = []

    def start(**environment: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "celery", "-A", "forecast_service.worker", "worker", "--pool", "solo"]
        command += ["--without-gossip", "--without-mingle", "--loglevel", "WARNING"]
        process = subprocess.Popen(command, env={**os.environ, **at_test_database(), **environment})
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.wait(PATIENCE)


def at_test_database() -> dict[str, str]:
    url = urlsplit(settings.DATABASE_URL)._replace(path="/" + connection.settings_dict["NAME"])
    return {"DATABASE_URL": urlunsplit(url), "DJANGO_SETTINGS_MODULE": "forecast_service.config.settings"}


def cut_connections() -> int:
    """End every connection to the tasks' virtual host, as a restarted broker would; how many there were."""
    admin = urlsplit(os.environ["BROKER_MANAGEMENT_URL"])
    login = b64encode(f"{admin.username}:{admin.password}".encode()).decode()

    def ask(method: str, path: str) -> bytes:
        url = f"http://{admin.hostname}:{admin.port}/api/{path}"
        request = urllib.request.Request(url, method=method, headers={"Authorization": f"Basic {login}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read()

    names = [one["name"] for one in json.loads(ask("GET", "vhosts/tasks/connections"))]
    for name in names:
        ask("DELETE", f"connections/{quote(name)}")
    return len(names)


def wait_until(condition: Callable[[], object]) -> object:
    deadline = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)  # the wait between two looks at the database, which tells nobody of a new row
    return found


@pytest.fixture
def three_due(device, plant, hours, habit, alice):
    meter = device(alice, plant_id=plant())
    hours(meter, habit(15))
    planning.take_up_changes()


@pytest.mark.parametrize(("fault", "stored"), [("forecasts_computed", 0), ("forecasts_stored", 3)])
def test_a_worker_killed_in_mid_task_is_replaced_and_nothing_is_lost_or_doubled(
    three_due, tasks, worker, fault, stored
):
    planning.hand_out()
    assert worker(FAULT=fault).wait(PATIENCE) == 137
    assert Forecast.objects.count() == stored
    worker()
    wait_until(lambda: Forecast.objects.count() == 3)
    wait_until(lambda: tasks() == 0)
    assert sorted(Forecast.objects.values_list("history_until", flat=True)) == [NOON] * 3
    assert all(plan.done_until == plan.due_until for plan in Plan.objects.all())


def test_two_workers_share_the_work_without_overlap(device, hours, habit, tasks, worker, published):
    meters = [device() for _ in range(12)]
    for number, meter in enumerate(meters):
        hours(meter, habit(15, level=1 + number))
    planning.take_up_changes()
    plans = list(Plan.objects.values_list("pk", flat=True))
    for first in range(0, 12, 3):
        issue_forecasts.delay(plans[first : first + 3])
        issue_forecasts.delay(plans[first : first + 3])  # the broker may bring a task twice
    worker()
    worker()
    wait_until(lambda: Forecast.objects.count() == 12)
    wait_until(lambda: tasks() == 0)
    assert len(published()) == 12


def test_a_training_whose_worker_died_is_taken_up_again(three_due, tasks, worker, alice):
    meter = Series.objects.get().device_id
    population = populate(Scope("devices", (meter,)), caller=alice)
    job = ask_for_training(population=population, asked="seasonal_naive", caller=alice)
    assert hand_out_jobs() == 1
    assert hand_out_jobs() == 0
    assert worker(FAULT="candidate_tried").wait(PATIENCE) == 137
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 1)
    Job.objects.update(lease_until=timezone.now(), enqueued_at=None)
    assert hand_out_jobs() == 1
    worker()
    wait_until(lambda: Job.objects.get().state == "done")
    assert Job.objects.get().attempts == 2
    assert SavedModel.objects.get().asked == "seasonal_naive"


def test_due_plans_are_handed_out_once_and_again_when_no_answer_came(three_due, tasks):
    assert planning.hand_out() == 3
    wait_until(lambda: tasks() == 1)
    assert planning.hand_out() == 0
    long_ago = planning.ASK_AGAIN_AFTER + timedelta(seconds=1)
    Plan.objects.update(enqueued_at=timezone.now() - long_ago)
    assert planning.hand_out() == 3
    wait_until(lambda: tasks() == 2)


def test_a_cut_connection_is_mended_on_both_ends(three_due, tasks, worker, hours, habit):
    worker()
    planning.hand_out()
    wait_until(lambda: Forecast.objects.count() == 3)
    assert wait_until(cut_connections)
    hours(Series.objects.get().device_id, [0.5], until=NOON + timedelta(hours=1))
    planning.take_up_changes()
    assert planning.hand_out() == 3
    wait_until(lambda: Forecast.objects.count() == 6)


def test_plans_are_kept_when_the_broker_is_away(three_due):
    code = "import django; django.setup(); from forecast_service.forecasts.planning import hand_out; hand_out()"
    nowhere = {"TASKS_BROKER_URL": "amqp://nobody:nothing@127.0.0.1:9/tasks", **at_test_database()}
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **nowhere}, capture_output=True, text=True)
    assert "ConnectionError: the task queue does not answer" in done.stderr
    assert Plan.objects.filter(enqueued_at=None).count() == 3
