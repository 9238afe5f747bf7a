"""`make bench-forecast-api`: how soon a forecast is answered, stored and cold, at 8 clients. Prints; asserts nothing.

A gunicorn that logs as in a running stack, on a database of its own in the test instance, 100 meters of 12 weeks. *Cold on demand*
is the first request to a process that has just become healthy, for a meter that nobody has forecast yet: with its imports, fit and
backtest.
"""

import http.client
import os
import random
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import django
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.load import HEADER, Addresses, Load, postmaster
from forecast_service.bench.many_meters import DATABASE, fill

CLIENTS, REQUESTS, METERS, COLD = 8, 800, 100, 5
PORT = 21_993
OWNER = uuid.UUID("00000000-0000-4000-8003-000000000001")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.db import connection

    from service_kit.testing import KeyServer

    connection.settings_dict["TEST"]["NAME"] = DATABASE
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        fill(METERS)
        forecast_first_half()
        url = urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{DATABASE}"))
        with KeyServer({"bench": KEY}) as keys:
            environment = {
                **os.environ,
                "DATABASE_URL": url,
                "AUTH_URL": keys.url,
                "HOST": "127.0.0.1",
                "PORT": str(PORT),
                "LOG_LEVEL": "INFO",
            }
            cold = sorted(first_answer(environment, meter(number)) for number in range(METERS - COLD, METERS))
            print(
                f"cold on demand, {COLD} new processes: {cold[COLD // 2]:.0f} ms median, {cold[-1]:.0f} ms the slowest"
            )
            print(HEADER)
            with serving({**environment, "WEB_WORKERS": "2"}) as gunicorn:
                load = Load(PORT, gunicorn.pid, postmaster(url), token(), CLIENTS)
                for horizon in (24, 168):
                    stored = asked_at_random(range(METERS // 2), horizon)
                    print(load.ask(stored, REQUESTS).row(f"stored, {horizon} hours, {CLIENTS} clients"), flush=True)
                cold_ones = asked_at_random(range(METERS // 2, METERS), 24)
                alone = replace(load, clients=1)
                print(alone.ask(cold_ones, 40).row("computed on demand, one client"), flush=True)
    finally:
        connection.creation.destroy_test_db(urlsplit(settings.DATABASE_URL).path[1:], verbosity=0)


def forecast_first_half() -> None:
    from forecast_service.forecasts.models import Plan
    from forecast_service.forecasts.planning import take_up_changes
    from forecast_service.forecasts.services import issue_planned

    take_up_changes()
    scopes = [f"device_{meter(number)}" for number in range(METERS // 2)]
    issue_planned(plan_ids=list(Plan.objects.filter(scope__in=scopes).values_list("pk", flat=True)))


def meter(number: int) -> uuid.UUID:
    return uuid.UUID(int=number + 1, version=4)


def asked_at_random(numbers: range, horizon: int) -> Addresses:
    return lambda: f"/api/forecasts?device_id={meter(random.choice(numbers))}&horizon={horizon}"


@contextmanager
def serving(environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    """A gunicorn that has answered for its health, and nothing else yet."""
    gunicorn = subprocess.Popen(
        [
            str(Path(sys.executable).parent / "gunicorn"),
            "-c",
            "service_kit/gunicorn.py",
            "forecast_service.config.wsgi",
        ],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_it_is_healthy()
        yield gunicorn
    finally:
        gunicorn.terminate()
        gunicorn.wait(30)


def wait_until_it_is_healthy() -> None:
    for _ in range(600):
        try:
            link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            link.request("GET", "/api/forecasts/health")
            link.getresponse()  # 503 without a broker is an answer too
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The service does not answer.")


def first_answer(environment: dict[str, str], device: uuid.UUID) -> float:
    """Milliseconds of the first forecast that a new process is asked for."""
    with serving(environment):
        begun = time.perf_counter()
        get(http.client.HTTPConnection("127.0.0.1", PORT, timeout=60), f"/api/forecasts?device_id={device}", token())
        return (time.perf_counter() - begun) * 1000


def token() -> str:
    now = datetime.now(UTC)
    claims = {"sub": str(OWNER), "username": "bench", "role": "admin", "token_type": "access", "iat": now,
              "exp": now + timedelta(hours=1), "jti": uuid.uuid4().hex, "iss": "ems-auth", "aud": "ems"}  # fmt: skip
    return jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "bench"})


def get(link: http.client.HTTPConnection, address: str, bearer: str) -> None:
    link.request("GET", address, headers={"Authorization": f"Bearer {bearer}"})
    answer = link.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{address}: {answer.status} {body[:300].decode()}")


if __name__ == "__main__":
    main()
