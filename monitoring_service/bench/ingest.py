"""`make bench-ingest`: how fast readings become hours, against a toy consumer and against bare COPY. Prints; asserts nothing.

The command ingest_measurements as a process, with the broker and the PostgreSQL of the test instance, on a database of its own.
Each round measures all ways one after the other, so that what else the machine does weighs on all of them; ratios are the rounds'
medians. CPU is what each process used, whatever else ran. ROUNDS=1 makes it shorter.
"""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pika
import psycopg2

from device_simulator.load import Sender, device_ids

ROUNDS = int(os.environ.get("ROUNDS", 3))
METRICS_PORT = 21_992
DEVICES, INTERVAL = 1_000, timedelta(minutes=10)
IDS = device_ids(DEVICES)
QUEUE = "device_data_queue"
TICKS = os.sysconf("SC_CLK_TCK")
Body = tuple[bytes, int]


class Clock:
    """Readings arrive in the order of time: each way goes on where the one before ended."""

    def __init__(self, now: datetime = datetime(2025, 1, 1, tzinfo=UTC)) -> None:
        self.now = now

    def steps(self, count: int) -> list[str]:
        """The next instants at which every device reports."""
        instants = [self.now + n * INTERVAL for n in range(1, count + 1)]
        self.now = instants[-1]
        return [f"{instant:%Y-%m-%dT%H:%M:%SZ}" for instant in instants]


def singles(clock: Clock, readings: int) -> Iterator[Body]:
    for at in clock.steps(readings // DEVICES):
        for device_id in IDS:
            yield f'{{"timestamp":"{at}","device_id":"{device_id}","measurement_value":0.213}}'.encode(), 1


def backlogs(clock: Clock, readings: int) -> Iterator[Body]:
    """Arrays of 100 readings of one device, as a meter sends that was offline."""
    for _ in range(readings // DEVICES // 100):
        pairs = ",".join(f'["{at}",0.213]' for at in clock.steps(100))
        for device_id in IDS:
            yield f'{{"device_id":"{device_id}","readings":[{pairs}]}}'.encode(), 100


def gateways(clock: Clock, readings: int) -> Iterator[Body]:
    """Arrays of 100 devices at one instant, as a gateway of many meters sends."""
    for at in clock.steps(readings // DEVICES):
        for first in range(0, DEVICES, 100):
            part = (
                f'{{"timestamp":"{at}","device_id":"{i}","measurement_value":0.213}}' for i in IDS[first : first + 100]
            )
            yield f"[{','.join(part)}]".encode(), 100


def cpu(pid: int) -> float:
    """Seconds of CPU of a process and of those children that it has waited for."""
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:15])) / TICKS


class Used(NamedTuple):
    """Microseconds of CPU a reading."""

    python: float
    postgres: float
    broker: float

    def __str__(self) -> str:
        return f"{self.python:8.2f} {self.postgres:10.2f} {self.broker:7.2f}"


class Machine:
    """The servers of the test instance, and what they have used of the processors so far."""

    def __init__(self, database: str = "bench_ingest") -> None:
        server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
        self.url = f"{server}/{database}"
        self._server, self._name = f"{server}/postgres", database
        self.drop()
        self._make()
        self.database: Any = psycopg2.connect(self.url)
        self.database.autocommit = True
        backend = self.database.get_backend_pid()
        self._postmaster = int(Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()[1])
        self._broker = int(self._console("nodes")[0]["os_pid"])
        self.environment = os.environ | {
            "DATABASE_URL": self.url, "PORT": str(METRICS_PORT), "HOST": "127.0.0.1", "LOG_LEVEL": "WARNING",
            "DJANGO_SETTINGS_MODULE": "monitoring_service.config.settings",
        }  # fmt: skip

    def drop(self) -> None:
        self._administer(f"DROP DATABASE IF EXISTS {self._name} WITH (FORCE)")

    def _administer(self, statement: str) -> None:
        admin = psycopg2.connect(self._server)
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute(statement)
        admin.close()

    def _make(self) -> None:
        self._administer(f"CREATE DATABASE {self._name}")
        command = [sys.executable, "-m", "monitoring_service.manage", "migrate", "-v", "0"]
        subprocess.run(command, env=os.environ | {"DATABASE_URL": self.url}, check=True)
        with psycopg2.connect(self.url) as link, link.cursor() as cursor:
            cursor.execute(
                """INSERT INTO devices_device (id, name, kind, reading, interval_seconds, credential_revoked, version)
                   SELECT id, 'Meter', 'consumption', 'interval_kwh', %s, false, 1 FROM unnest(%s::uuid[]) AS id""",
                [INTERVAL.total_seconds(), IDS],
            )
            for month in range(1, 12):
                cursor.execute(
                    f"""CREATE TABLE readings_reading_2025_{month:02} PARTITION OF readings_reading
                        FOR VALUES FROM ('2025-{month:02}-01Z') TO ('2025-{month + 1:02}-01Z')"""
                )

    def _console(self, path: str) -> Any:
        address = urlsplit(os.environ["BROKER_MANAGEMENT_URL"])
        opener = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        root = f"http://{address.hostname}:{address.port}/api/"
        opener.add_password(None, root, str(address.username), str(address.password))
        handler = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(opener))
        return json.load(handler.open(root + path, timeout=10))

    def postgres_cpu(self) -> float:
        children = Path(f"/proc/{self._postmaster}/task/{self._postmaster}/children").read_text().split()
        return sum(map(cpu, [self._postmaster, *map(int, children)]))

    def used(self, pid: int) -> tuple[float, float, float]:
        return cpu(pid), self.postgres_cpu(), cpu(self._broker)

    def sql(self, statement: str) -> Any:
        with self.database.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[0]

    def publish(self, bodies: Iterator[Body]) -> int:
        sender = Sender(os.environ["METER_AMQP_URL"], threading.Event())
        if not sender.send(bodies):
            raise SystemExit("The broker did not take the load.")
        return sender.confirmed


def accepted() -> int:
    """Readings that the running ingest_measurements has stored."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{METRICS_PORT}/metrics", timeout=5) as answer:
            found = re.search(r'ems_ingest_readings_total\{outcome="accepted"\} (\S+)', answer.read().decode())
    except OSError:
        return 0
    return int(float(found[1])) if found else 0


def ingest(
    machine: Machine, bodies: Iterator[Body], meanwhile: Callable[[], None] = lambda: None
) -> tuple[float, Used]:
    """Readings a second from the first batch to the last, and CPU, of the command on a queue that is full already."""
    readings = machine.publish(bodies)
    process = subprocess.Popen(
        [sys.executable, "-m", "monitoring_service.manage", "ingest_measurements"], env=machine.environment
    )
    try:
        first = wait_for(lambda: accepted())
        begun, before = time.perf_counter(), machine.used(process.pid)
        while (done := accepted()) < readings:
            meanwhile()
            time.sleep(0.05)
        seconds, after = time.perf_counter() - begun, machine.used(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    counted = done - first
    return counted / seconds, Used(*((b - a) / counted * 1e6 for a, b in zip(before, after, strict=True)))


def wait_for(found: Callable[[], int]) -> int:
    for _ in range(6_000):
        if number := found():
            return number
        time.sleep(0.01)
    raise SystemExit("ingest_measurements does not begin.")


def toy(machine: Machine, clock: Clock, readings: int) -> tuple[float, Used]:
    machine.publish(singles(clock, readings))
    command = [sys.executable, "-m", "monitoring_service.bench.toy_consumer", str(readings - 1)]
    before = machine.used(os.getpid())
    ran = subprocess.run(command, env=machine.environment, check=True, stdout=subprocess.PIPE, text=True)
    after = machine.used(os.getpid())
    seconds, python = map(float, ran.stdout.split())
    servers = ((b - a) / readings * 1e6 for a, b in zip(before[1:], after[1:], strict=True))
    return (readings - 1) / seconds, Used(python / readings * 1e6, *servers)


def copy(machine: Machine, clock: Clock, readings: int) -> tuple[float, Used]:
    """The same rows as backlogs by COPY into the same table, 2,000 a transaction."""
    parts = []
    for _ in range(readings // DEVICES // 100):
        rows = [f"{device_id}\t{at}\t0.213\n" for steps in [clock.steps(100)] for device_id in IDS for at in steps]
        parts += ["".join(rows[n : n + 2_000]) for n in range(0, len(rows), 2_000)]
    begun, before = time.perf_counter(), machine.used(os.getpid())
    with machine.database.cursor() as cursor:
        for part in parts:
            cursor.copy_expert("COPY readings_reading (device_id, at, value) FROM STDIN", StringIO(part))
    seconds, after = time.perf_counter() - begun, machine.used(os.getpid())
    return readings / seconds, Used(*((b - a) / readings * 1e6 for a, b in zip(before, after, strict=True)))


def measure(machine: Machine, clock: Clock) -> None:
    ways: dict[str, list[tuple[float, Used]]] = {}
    for _ in range(ROUNDS):
        for name, found in (
            ("toy (ORM, ack each)", toy(machine, clock, 2_000)),
            ("single messages", ingest(machine, singles(clock, 60_000))),
            ("arrays of 100 by 100 devices", ingest(machine, gateways(clock, 200_000))),
            ("arrays of 100 of one device", ingest(machine, backlogs(clock, 500_000))),
            ("bare COPY", copy(machine, clock, 500_000)),
        ):
            ways.setdefault(name, []).append(found)
    toys, copies = ([rate for rate, _ in ways[name]] for name in ("toy (ORM, ack each)", "bare COPY"))
    print(f"{'':30} {'a second':>9} {'x toy':>6} {'of COPY':>8}   CPU microseconds a reading: Python PostgreSQL broker")
    for name, runs in ways.items():
        rates = [rate for rate, _ in runs]
        against = [statistics.median(map(float.__truediv__, rates, others)) for others in (toys, copies)]
        middle = sorted(runs)[len(runs) // 2]
        print(f"{name:30} {statistics.median(rates):9,.0f} {against[0]:6.0f} {against[1]:8.3f} {'':27}{middle[1]}")


def recomputing(machine: Machine, clock: Clock) -> None:
    command = [sys.executable, "-m", "monitoring_service.bench.increment", clock.now.isoformat()]
    ran = subprocess.run(command, env=machine.environment, check=True, stdout=subprocess.PIPE, text=True)
    found = json.loads(ran.stdout)
    clock.now = datetime.fromisoformat(found.pop("until"))
    for of, used in found.items():
        whole = used["recomputed"] / used["added"]
        part = (used["recomputed"] - used["without"]) / (used["added"] - used["without"])
        print(
            f"\narrays of {of}, stored with hours recomputed: {used['recomputed']:.1f} us of CPU a reading, with hours added to:"
        )
        print(
            f"{used['added']:.1f}, without hours: {used['without']:.1f}; {whole:.2f} times the increment in all, {part:.2f} of hours alone"
        )


def relay_lag(machine: Machine, clock: Clock) -> None:
    """How far behind the hours' events are while readings come in at full speed, and when the last of them is out."""
    relay = subprocess.Popen(
        [sys.executable, "-m", "monitoring_service.manage", "run_jobs"], env=machine.environment | {"PORT": ""}
    )
    waiting: list[int] = []

    def due() -> int:
        return int(machine.sql("SELECT count(*) FROM hours_hour WHERE published_version < version"))

    try:
        rate, _ = ingest(machine, gateways(clock, 200_000), lambda: waiting.append(due()))
        begun = time.perf_counter()
        while due():
            time.sleep(0.05)
    finally:
        relay.terminate()
        relay.wait(30)
    print(
        f"\nwith the relay beside it (arrays by 100 devices): {rate:,.0f} a second; at most {max(waiting):,} hours waited to be"
    )
    print(f"published, the last of them {time.perf_counter() - begun:.1f} s after the last reading")


def simulator() -> None:
    command = [
        sys.executable,
        "-m",
        "device_simulator",
        "load",
        "--devices",
        "1000",
        "--readings",
        "1000000",
        "--array",
    ]
    for array in ("100", "1000"):
        environment = os.environ | {"LOG_LEVEL": "INFO"}
        ran = subprocess.run([*command, array], env=environment, stdout=subprocess.PIPE, text=True, check=True)
        rate = int(ran.stdout.split("per_second=")[1].split()[0])
        print(f"device_simulator load, arrays of {array}: {rate:,} readings a second, all confirmed")
        purge()


def purge() -> None:
    link = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_ADMIN_URL"].rsplit("/", 1)[0] + "/%2F"))
    link.channel().queue_purge(QUEUE)
    link.close()


def main() -> None:
    purge()
    machine, clock = Machine(), Clock()
    measure(machine, clock)
    recomputing(machine, clock)
    relay_lag(machine, clock)
    purge()
    simulator()


if __name__ == "__main__":
    main()
