"""`make bench-queries`: what the answers of monitoring_service cost with 1,000 meters and a year of hours. Prints; asserts nothing.

Two web workers, which log as in a running stack, on a database of their own in the test instance (made at the first run, 9 million
hours, some minutes; kept for the next), 8 clients in parallel. BENCH_METERS=100 makes it smaller.
"""

import http.client
import http.server
import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import jwt
import psycopg2
from cryptography.hazmat.primitives.asymmetric import rsa

from bench.load import HEADER, Addresses, Load, Run, postmaster

REQUESTS, TURNS = 400, 5
METERS = int(os.environ.get("BENCH_METERS", 1_000))
DATABASE, PORT = "bench_queries", 21_991
HERE = Path(__file__).parent
OWNER = uuid.UUID("00000000-0000-4000-8003-000000000001")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def main() -> None:
    server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    environment = {**os.environ, "DATABASE_URL": f"{server}/{DATABASE}", "AUTH_URL": key_server(), "PORT": str(PORT),
                   "HOST": "127.0.0.1", "WEB_WORKERS": "2", "LOG_LEVEL": "INFO",
                   "DJANGO_SETTINGS_MODULE": "monitoring_service.bench.plain_settings"}  # fmt: skip
    fill(server, environment)
    gunicorn = subprocess.Popen(
        ["gunicorn", "-c", "service_kit/gunicorn.py", "monitoring_service.config.wsgi:application"],
        env=environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until_it_answers()
        load = Load(PORT, gunicorn.pid, postmaster(environment["DATABASE_URL"]), token_of("client", OWNER))
        print(HEADER)
        compare(load, "a day", plain(1), days, requests=1_600, aim=2.5)
        compare(load, "30 days by hours", plain(30), ranges(30, "hour"), requests=160, aim=5)
        measure(load, "a year by days", ranges(364, "day"))
        measure(load, "a year by hours (8,736 entries)", ranges(364, "hour"), requests=160)
        measure(load, "dashboard of 50 devices, nothing new", lambda: "/api/monitoring/dashboard")
        touched = Touched(environment["DATABASE_URL"])
        measure(load, "dashboard of 50 devices, each time after a reading", touched.dashboard, requests=160)
        measure(load, "a year by months of 50 devices", all_by_months, requests=80)
    finally:
        gunicorn.terminate()
        gunicorn.wait(30)


def fill(server: str, environment: dict[str, str]) -> None:
    """The database with its year, where it is not there yet or older than a week."""
    admin = psycopg2.connect(f"{server}/postgres")
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if cursor.fetchone() and is_recent(environment["DATABASE_URL"]):
            migrate(environment)
            return
        print(f"Making a year of hours of {METERS:,} meters ...", flush=True)
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    migrate(environment)
    with psycopg2.connect(environment["DATABASE_URL"]) as link, link.cursor() as cursor:
        cursor.execute((HERE / "hours_of_a_year.sql").read_text().replace(":meters", str(METERS)))
    link.autocommit = True
    with link.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE hours_hour")


def migrate(environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "monitoring_service.manage", "migrate", "-v", "0"], env=environment, check=True
    )


def is_recent(url: str) -> bool:
    with psycopg2.connect(url) as link, link.cursor() as cursor:
        cursor.execute("SELECT to_regclass('hours_hour') IS NOT NULL")
        if cursor.fetchone() != (True,):
            return False
        cursor.execute("SELECT max(start) > now() - interval '7 days' FROM hours_hour")
        return bool(cursor.fetchone() == (True,))


def key_server() -> str:
    """The address of a server that answers for auth_service's public keys."""
    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
    body = json.dumps({"keys": [{**jwk, "kid": "bench", "use": "sig", "alg": "RS256"}]}).encode()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet: its requests are not what is measured."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def token_of(role: str, user: uuid.UUID) -> str:
    now = datetime.now(UTC)
    claims = {"sub": str(user), "username": "bench", "role": role, "token_type": "access", "iat": now,
              "exp": now + timedelta(hours=2), "jti": uuid.uuid4().hex, "iss": "ems-auth", "aud": "ems"}  # fmt: skip
    return jwt.encode(claims, KEY, algorithm="RS256", headers={"kid": "bench"})


def device() -> str:
    return f"00000000-0000-4000-8002-{random.randint(1, 50):012}"


def days() -> str:
    date = datetime.now(UTC).date() - timedelta(days=random.randint(2, 360))
    return "/api/monitoring/hourly/daily?" + urlencode({"device_id": device(), "date": date.isoformat()})


def span(length: int) -> dict[str, str]:
    end = datetime.now(UTC).date() - timedelta(days=random.randint(0, 364 - length))
    begin = end - timedelta(days=length)
    return {"start": f"{begin}T00:00:00Z", "end": f"{end}T00:00:00Z"}


def ranges(length: int, resolution: str) -> Addresses:
    return lambda: (
        "/api/monitoring/hourly/range?" + urlencode({"device_id": device(), "resolution": resolution, **span(length)})
    )


def plain(length: int) -> Addresses:
    return lambda: "/plain?" + urlencode({"device_id": device(), **span(length)})


def all_by_months() -> str:
    return "/api/monitoring/hourly/range?" + urlencode({"scope": "all", "resolution": "month", **span(364)})


class Touched:
    """Addresses of the dashboard, each after one of its meters has sent something: nothing kept answers it."""

    def __init__(self, url: str) -> None:
        self._link = psycopg2.connect(url)
        self._link.autocommit = True
        with self._link.cursor() as cursor:  # as every meter with hours has one
            cursor.execute(
                """INSERT INTO readings_lastreading (device_id, at, value) SELECT id, now(), 0.1 FROM devices_device
                   ON CONFLICT DO NOTHING"""
            )

    def dashboard(self) -> str:
        with self._link.cursor() as cursor:
            cursor.execute("UPDATE readings_lastreading SET changes = changes + 1 WHERE device_id = %s", [device()])
        return "/api/monitoring/dashboard"


def wait_until_it_answers() -> None:
    for _ in range(300):
        try:
            link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            link.request("GET", "/api/monitoring/health")
            link.getresponse()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The service does not answer.")


def measure(load: Load, name: str, addresses: Addresses, *, requests: int = REQUESTS) -> None:
    print(load.ask(addresses, requests).row(name), flush=True)


def compare(load: Load, name: str, plainly: Addresses, ours: Addresses, *, requests: int, aim: float) -> None:
    """The plain view and ours in turns, so that whatever else the machine does meets both."""
    plain, own = Run(), Run()
    for _ in range(TURNS):
        load.ask(plainly, requests // TURNS, plain)
        load.ask(ours, requests // TURNS, own)
    print(plain.row(f"{name}, plain DRF view"))
    print(own.row(name))
    print(
        f"{name}: {own.rate / plain.rate:.1f} times the requests a second of the plain view (aim {aim:g}), "
        f"{plain.cpu_ms['service'] / own.cpu_ms['service']:.1f} times by CPU time of the service",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    main()
