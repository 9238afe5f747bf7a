"""The broker goes away while two workers are in the middle of their tasks: every scope is forecast once, none is lost."""

import json
import os
import shlex
import subprocess
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops.instances import ROOT, VENV
from ops.processes import Stack
from tests.faults.system import System
from tests.journeys.client import wait_for

HISTORY = timedelta(days=10)
TASKS = "forecasts"
CLOSE_HOURS = """
INSERT INTO hours_hour (device_id, start, kwh, readings, expected, quality, version)
SELECT device_id, start, 1 + sin(extract(hour FROM start)::float8 / 4) + 0.1 * random(), 6, 6, 'measured', 1
FROM unnest(%s::uuid[]) AS device_id, generate_series(%s::timestamptz, %s::timestamptz - interval '1 hour', '1 hour') AS start
"""
CARRY_ON = """
INSERT INTO hours_series (device_id, until, revision, planned_revision)
SELECT device_id, %s, 1, 0 FROM unnest(%s::uuid[]) AS device_id
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE relation = 'forecasts_forecast'::regclass AND NOT granted"


@pytest.fixture
def workers(system: System) -> Iterator[Callable[[], None]]:
    """Two workers; called, it has them finish what they do and go."""
    command = shlex.split(Stack(system.instance).services["forecast-worker"]["command"])
    environment = os.environ | system.stack.environment("forecast-jobs")
    running = []
    for number in (1, 2):
        with (system.instance.log / f"forecast-worker-{number}.log").open("ab") as log:
            running.append(
                subprocess.Popen([VENV / "bin" / command[0], *command[1:]], env=environment, cwd=ROOT, stdout=log, stderr=log)
            )  # fmt: skip

    def leave() -> None:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(60)

    yield leave
    leave()


@pytest.fixture
def meters(system: System) -> list[str]:
    """Of nobody and of no plant: each is one scope."""
    body = {"kind": "consumption", "reading": "interval_kwh", "interval_seconds": 600, "max_consumption": 10}
    made = [
        system.admin.post("/api/devices", {**body, "name": f"Faults {uuid.uuid4().hex[:6]}"}, expect=201)["id"]
        for _ in range(6)
    ]
    known = "SELECT count(*) FROM devices_device WHERE id = ANY(%s::uuid[])"
    wait_for("the forecast service knows them", lambda: system.sql("forecast", known, made)[0][0] == len(made))
    return made


def close_hours(system: System, meters: Sequence[str], until: datetime) -> None:
    system.sql("forecast", CLOSE_HOURS, list(meters), until - HISTORY, until)
    system.sql("forecast", CARRY_ON, until, list(meters))


@contextmanager
def workers_held(system: System) -> Iterator[None]:
    """Nobody can store a forecast: whoever has computed one waits in the middle of its task."""
    connection = system.database("forecast")
    try:
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE forecasts_forecast IN SHARE MODE")
        yield
    finally:
        connection.close()


def restart(system: System) -> None:
    system.stop("rabbitmq")
    system.outage()
    system.start("rabbitmq")


def kill(system: System) -> None:
    system.kill("rabbitmq")


def told(system: System, meters: Sequence[str]) -> Counter[tuple[str, datetime]]:
    """(scope, its first hour) of every forecast that was ever told of these meters."""
    scopes = {f"device_{meter}" for meter in meters}
    events = [json.loads(body) for _, type_, body in system.outbox("forecast") if type_ == "forecast.issued"]
    issued: list[dict[str, Any]] = [event["data"] for event in events if event["subject"] in scopes]
    return Counter((one["scope"], datetime.fromisoformat(one["points"][0]["start"])) for one in issued)


HOLDS = "both are done by whoever comes first: every scope is forecast once, none is lost"


@pytest.mark.parametrize(
    "gone",
    [
        pytest.param(
            restart,
            marks=[
                pytest.mark.full,
                pytest.mark.fault("the broker stopped and started while two workers forecast", HOLDS),
            ],
        ),
        pytest.param(
            kill, marks=pytest.mark.fault("the broker killed with -9 while two workers forecast", HOLDS)
        ),
    ],
)  # fmt: skip
def test_the_broker_goes_away_in_the_middle_of_two_tasks(
    system: System,
    workers: Callable[[], None],
    meters: list[str],
    agreed: Callable[..., None],
    gone: Callable[[System], None],
) -> None:
    until = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with workers_held(system):
        for busy, some in enumerate((meters[:3], meters[3:]), start=1):
            close_hours(system, some, until)
            wait_for(
                f"{busy} worker(s) in the middle of a task",
                lambda busy=busy: system.sql("forecast", WAITING)[0][0] >= busy,
            )
        gone(system)
        system.wait_healthy()
    wait_for("all is forecast", lambda: len(told(system, meters)) == len(meters))
    agreed()
    workers()
    with system.channel(vhost="tasks") as channel:
        assert channel.queue_declare(TASKS, passive=True).method.message_count == 0
    assert told(system, meters) == {(f"device_{meter}", until): 1 for meter in meters}
    plans = "SELECT count(*) FROM forecasts_plan WHERE scope = ANY(%s) AND done_until = due_until AND due_until = %s"
    assert system.sql("forecast", plans, [f"device_{meter}" for meter in meters], until) == [(len(meters),)]
