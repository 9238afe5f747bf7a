"""The Celery worker on the real broker: killed in mid-task, every scope is still forecast, each once."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from forecast_service.conftest import NOON
from forecast_service.forecasts import planning
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.worker import app
from service_kit.messaging import connect

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = settings.CELERY_TASK_DEFAULT_QUEUE
PATIENCE = 60


@pytest.fixture
def tasks() -> Iterator[Callable[[], int]]:
    """`tasks()`: how many tasks wait in the workers' queue, which is empty at first."""
    with app.connection_for_write() as link:
        app.amqp.queues[QUEUE](link.default_channel).declare()
    broker = connect(settings.CELERY_BROKER_URL)
    channel = broker.channel()
    channel.queue_purge(QUEUE)
    yield lambda: channel.queue_declare(QUEUE, passive=True).method.message_count
    channel.queue_purge(QUEUE)
    broker.close()


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


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.1)  # the wait between two looks at the database, which tells nobody of a new row


@pytest.fixture
def three_due(device, plant, hours, habit, alice):
    meter = device(alice, plant_id=plant())
    hours(meter, habit(15))
    planning.take_up_changes()


def test_a_worker_killed_in_mid_task_is_replaced_and_nothing_is_lost_or_doubled(three_due, tasks, worker):
    planning.hand_out()
    assert worker(FAULT="forecast_stored").wait(PATIENCE) == 137
    assert Forecast.objects.count() == 1
    worker()
    wait_until(lambda: Forecast.objects.count() == 3)
    wait_until(lambda: tasks() == 0)
    assert sorted(Forecast.objects.values_list("history_until", flat=True)) == [NOON] * 3
    assert all(plan.done_until == plan.due_until for plan in Plan.objects.all())


def test_due_plans_are_handed_out_once_and_again_when_no_answer_came(three_due, tasks):
    assert planning.hand_out() == 3
    wait_until(lambda: tasks() == 1)
    assert planning.hand_out() == 0
    long_ago = planning.ASK_AGAIN_AFTER + timedelta(seconds=1)
    Plan.objects.update(enqueued_at=timezone.now() - long_ago)
    assert planning.hand_out() == 3
    wait_until(lambda: tasks() == 2)


def test_plans_are_kept_when_the_broker_is_away(three_due):
    code = "import django; django.setup(); from forecast_service.forecasts.planning import hand_out; hand_out()"
    nowhere = {"TASKS_BROKER_URL": "amqp://nobody:nothing@127.0.0.1:9/tasks", **at_test_database()}
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **nowhere}, capture_output=True, text=True)
    assert "ConnectionError: the task queue does not answer" in done.stderr
    assert Plan.objects.filter(enqueued_at=None).count() == 3
