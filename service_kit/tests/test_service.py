"""What every service does alike: settings, health, errors, request ids, both spellings of a path, jobs."""

import os
import re
import subprocess
import sys
import threading
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from service_kit.jobs import Jobs

REQUIRED = ["SERVICE", "SECRET_KEY", "DATABASE_URL", "BROKER_URL", "AUTH_URL"]


def start(**environment: str | None) -> subprocess.CompletedProcess[str]:
    variables = {k: v for k, v in {**os.environ, **environment}.items() if v is not None}
    script = "from service_kit.manage import main; main('service_kit.tests.settings')"
    return subprocess.run(
        [sys.executable, "-c", script, "check"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_stops_the_start_with_one_line_that_names_it(
    name: str,
) -> None:
    ended = start(**{name: None})
    assert ended.returncode == 2
    assert ended.stderr == f"{name} is not set. Add it to .env (README.md lists every variable) and start again.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEMO", "maybe"),
        ("ACCESS_TOKEN_MINUTES", "half"),
        ("DEFAULT_TIMEZONE", "Rome"),
        ("ENVIRONMENT", "staging"),
    ],
)
def test_a_malformed_variable_is_named_with_its_value(name: str, value: str) -> None:
    ended = start(**{name: value})
    assert ended.returncode == 2
    assert f"{name}={value!r}" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_production_refuses_development_secrets() -> None:
    ended = start(
        ENVIRONMENT="production",
        SECRET_KEY="dev-secret-key",
        DATABASE_URL="postgres://a:b@h:1/a",
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("SECRET_KEY still holds a development secret")


@pytest.mark.django_db
def test_health_is_for_anyone_and_names_what_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = APIClient().get("/api/kit/health")
    assert (good.status_code, good.json()) == (
        200,
        {"status": "ok", "checks": {"database": "ok"}, "warnings": {}},
    )

    from django.db import connection

    def away(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "cursor", away)
    monkeypatch.setattr(connection, "close", lambda: None)
    bad = APIClient().get("/api/kit/health")
    assert (bad.status_code, bad.json()) == (
        503,
        {"status": "failing", "checks": {"database": "connection refused"}, "warnings": {}},
    )


def test_a_path_with_and_without_its_slash_is_the_same() -> None:
    assert APIClient().get("/api/who").status_code == APIClient().get("/api/who/").status_code == 401


def test_what_is_not_there_is_json() -> None:
    answer = APIClient().get("/api/nothing")
    assert (answer.status_code, answer.json()) == (
        404,
        {"detail": "There is nothing at /api/nothing."},
    )


def test_the_request_id_is_kept_made_or_replaced() -> None:
    given = APIClient().get("/api/who", headers={"X-Request-ID": "abc-123"})
    assert given["X-Request-ID"] == "abc-123"
    assert len(APIClient().get("/api/who")["X-Request-ID"]) == 32
    forged = APIClient().get("/api/who", headers={"X-Request-ID": "line\tbreaks and more"})
    assert len(forged["X-Request-ID"]) == 32


def test_an_answer_says_how_long_it_took_in_the_service() -> None:
    timing = APIClient().get("/api/nothing")["Server-Timing"]
    assert re.fullmatch(r"app;dur=\d+\.\d", timing)


def test_a_job_that_dies_ends_the_others_and_says_so() -> None:
    ran = threading.Event()

    def dies() -> None:
        ran.wait(60)
        raise ValueError("a fault of ours")

    def lives() -> bool:
        ran.set()
        return False

    jobs = Jobs({"lives": lives, "dies": dies})
    threads = [threading.Thread(target=jobs.loop, args=item) for item in jobs.units.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert (jobs.died, jobs.alive()) == ("dies", False)


@pytest.mark.django_db
@pytest.mark.parametrize("sqlstate", ["57P01", "40P01", None], ids=["shutdown", "deadlock", "no connection"])
def test_a_job_outlives_a_database_that_is_away_and_a_deadlock(sqlstate: str | None) -> None:
    cause = type("Cause", (Exception,), {"pgcode": sqlstate})()
    calls = []

    def unit() -> bool:
        calls.append(1)
        if len(calls) < 3:
            raise OperationalError("from the database") from cause
        jobs.stop.set()
        return True

    jobs = Jobs({"unit": unit})
    jobs.stop.wait = lambda timeout=None: jobs.stop.is_set()  # type: ignore[method-assign]
    jobs.loop("unit", unit)
    assert (len(calls), jobs.died) == (3, None)
