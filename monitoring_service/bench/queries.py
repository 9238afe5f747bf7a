"""`make bench-queries`: what the answers of monitoring_service cost with 1,000 meters and a year of hours. Prints; asserts nothing.

Two gunicorn workers on a database of their own in the test instance (made at the first run, 9 million hours, some minutes; kept
for the next), 8 clients in parallel. BENCH_METERS=100 makes it smaller.
"""

import http.client
import http.server
import json
import os
import random
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import jwt
import psycopg2
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENTS, REQUESTS, TURNS = 8, 400, 5
METERS = int(os.environ.get("BENCH_METERS", 1_000))
DATABASE, PORT = "bench_queries", 21_991
HERE = Path(__file__).parent
OWNER = uuid.UUID("00000000-0000-4000-8003-000000000001")
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
Addresses = Callable[[], str]


def main() -> None:
    server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    environment = {**os.environ, "DATABASE_URL": f"{server}/{DATABASE}", "AUTH_URL": key_server(), "PORT": str(PORT),
                   "HOST": "127.0.0.1", "WEB_WORKERS": "2", "DJANGO_SETTINGS_MODULE": "monitoring_service.bench.plain_settings"}  # fmt: skip
    fill(server, environment)
    gunicorn = subprocess.Popen(
        ["gunicorn", "-c", "service_kit/gunicorn.py", "monitoring_service.config.wsgi:application"], env=environment
    )
    try:
        token = token_of("client", OWNER)
        wait_until_it_answers(token)
        print(f"{'':44} {'p50 ms':>8} {'p95 ms':>8} {'a second':>9} {'CPU ms of the service':>22}")
        compare("a day", plain(1), days, token, gunicorn.pid, requests=800, aim=2.5)
        compare("30 days by hours", plain(30), ranges(30, "hour"), token, gunicorn.pid, requests=160, aim=5)
        measure("a year by days", ranges(364, "day"), token, gunicorn.pid)
        measure("a year by hours", ranges(364, "hour"), token, gunicorn.pid, requests=80)
        measure("dashboard of 50 devices, nothing new", lambda: "/api/monitoring/dashboard", token, gunicorn.pid)
        touched = Touched(f"{server}/{DATABASE}")
        measure("dashboard of 50 devices, after a reading", touched.dashboard, token, gunicorn.pid, requests=80)
        measure("a year by months of 50 devices", all_by_months, token, gunicorn.pid, requests=40)
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
        self._lock = threading.Lock()

    def dashboard(self) -> str:
        with self._lock, self._link.cursor() as cursor:
            cursor.execute(
                """INSERT INTO readings_lastreading AS l (device_id, at, value) VALUES (%s, now(), 0.1)
                   ON CONFLICT (device_id) DO UPDATE SET changes = l.changes + 1""",
                [device()],
            )
        return "/api/monitoring/dashboard"


def wait_until_it_answers(token: str) -> None:
    for _ in range(300):
        try:
            if get(http.client.HTTPConnection("127.0.0.1", PORT, timeout=5), days(), token):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The service does not answer.")


def get(link: http.client.HTTPConnection, address: str, token: str) -> bytes:
    link.request("GET", address, headers={"Authorization": f"Bearer {token}"})
    answer = link.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise SystemExit(f"{urlsplit(address).path}: {answer.status} {body[:300].decode()}")
    return body


@dataclass
class Run:
    """Answers of one kind: how long each took (ms), over which time, and with how much CPU time of the service (s)."""

    took: list[float] = field(default_factory=list)
    seconds: float = 0
    cpu: float = 0

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    @property
    def cpu_ms(self) -> float:
        return self.cpu / len(self.took) * 1000

    def ask(self, addresses: Addresses, token: str, gunicorn: int, requests: int) -> None:
        """So many requests more, by all clients at once."""

        def client() -> None:
            link = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
            for _ in range(requests // CLIENTS):
                address = addresses()
                begun = time.perf_counter()
                get(link, address, token)
                self.took.append((time.perf_counter() - begun) * 1000)

        get(http.client.HTTPConnection("127.0.0.1", PORT, timeout=60), addresses(), token)
        cpu, begun = cpu_seconds(gunicorn), time.perf_counter()
        clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for one in clients:
            one.start()
        for one in clients:
            one.join()
        self.seconds += time.perf_counter() - begun
        self.cpu += cpu_seconds(gunicorn) - cpu

    def print(self, name: str) -> None:
        p95 = statistics.quantiles(self.took, n=20)[-1]
        print(
            f"{name:44} {statistics.median(self.took):8.1f} {p95:8.1f} {self.rate:9.0f} {self.cpu_ms:22.1f}", flush=True
        )


def measure(name: str, addresses: Addresses, token: str, gunicorn: int, *, requests: int = REQUESTS) -> None:
    run = Run()
    run.ask(addresses, token, gunicorn, requests)
    run.print(name)


def compare(
    name: str, plainly: Addresses, ours: Addresses, token: str, gunicorn: int, *, requests: int, aim: float
) -> None:
    """The plain view and ours in turns, so that whatever else the machine does meets both."""
    plain, own = Run(), Run()
    for _ in range(TURNS):
        plain.ask(plainly, token, gunicorn, requests // TURNS)
        own.ask(ours, token, gunicorn, requests // TURNS)
    plain.print(f"{name}, plain DRF view")
    own.print(name)
    print(
        f"  {own.rate / plain.rate:.1f} times the requests a second of the plain view (aim {aim:g}), "
        f"{plain.cpu_ms / own.cpu_ms:.1f} times by CPU time of the service",
        flush=True,
    )


def cpu_seconds(parent: int) -> float:
    """What the workers of the gunicorn have used of a processor so far."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    ticks = sum(
        sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) for pid in children
    )
    return ticks / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
