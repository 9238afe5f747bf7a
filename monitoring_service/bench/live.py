"""`make bench-live`: how soon a reading that a meter publishes is in the browsers, and what open streams cost. Prints; asserts nothing.

One live process and one `ingest_measurements` on a database of their own in the test instance, through its broker. 100 people with
five devices each watch by five HTTP streams each; all 500 meters publish every five seconds. 50 more streams never read.
"""

import asyncio
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pika
import psycopg2

from monitoring_service.bench.queries import key_server, token_of

PEOPLE, STREAMS_EACH, DEVICES_EACH = 100, 5, 5
STALLED = 50
EVERY_SECONDS, ROUNDS = 5, 12
EXPECTED = ROUNDS * PEOPLE * DEVICES_EACH * STREAMS_EACH
DATABASE, PORT, ADDRESS = "bench_live", 21_992, "/api/monitoring/live"
USERS = [uuid.UUID(int=0x8003 << 64 | n) for n in range(PEOPLE)]
DEVICES = [uuid.UUID(int=0x8002 << 64 | n) for n in range(PEOPLE * DEVICES_EACH)]


def main() -> None:
    server = os.environ["DATABASE_URL"].rsplit("/", 1)[0]
    url = f"{server}/{DATABASE}"
    environment = {**os.environ, "DATABASE_URL": url, "AUTH_URL": key_server(), "LOG_LEVEL": "WARNING"}
    make_database(server, url, environment)
    live = subprocess.Popen(
        [sys.executable, "-m", "monitoring_service.live"], env=environment | {"PORT": str(PORT), "HOST": "127.0.0.1"}
    )
    ingest = subprocess.Popen(
        [sys.executable, "-m", "monitoring_service.manage", "ingest_measurements"],
        env={name: value for name, value in environment.items() if name != "HEARTBEAT_FILE"},
    )
    try:
        asyncio.run(Bench(live.pid).run())
    finally:
        for process in (live, ingest):
            process.terminate()
            process.wait(30)


def make_database(server: str, url: str, environment: dict[str, str]) -> None:
    admin = psycopg2.connect(f"{server}/postgres")
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {DATABASE}")
    manage = [sys.executable, "-m", "monitoring_service.manage", "migrate", "-v", "0"]
    subprocess.run(manage, env=environment, check=True)
    with psycopg2.connect(url) as link, link.cursor() as cursor:
        for n, device in enumerate(DEVICES):
            cursor.execute(
                """INSERT INTO devices_device (id, version, name, kind, reading, interval_seconds, credential_revoked)
                   VALUES (%s, 1, %s, 'consumption', 'interval_kwh', %s, false)""",
                [str(device), f"Meter {n}", EVERY_SECONDS],
            )
            cursor.execute(
                "INSERT INTO devices_assignment (device_id, user_id) VALUES (%s, %s)",
                [str(device), str(USERS[n // DEVICES_EACH])],
            )


class Bench:
    def __init__(self, live: int) -> None:
        self.live = live
        self.published: dict[tuple[str, float], float] = {}
        self.latencies: list[float] = []
        self.doubles = 0
        self.all_came = asyncio.Event()

    async def run(self) -> None:
        await self._until_it_answers()
        print(f"live process, no stream: PSS {pss(self.live)} MB")
        tokens = [token_of("client", user) for user in USERS]
        begun = time.monotonic()
        streams = [await self._open(token) for token in tokens for _ in range(STREAMS_EACH)]
        print(f"{len(streams)} streams opened in {time.monotonic() - begun:.1f} s: PSS {pss(self.live)} MB")
        stalled = [self._stall(token) for token in tokens[:STALLED]]
        readers = [asyncio.create_task(self._read(reader)) for reader, _ in streams]
        cpu, most = cpu_seconds(self.live), 0
        begun = time.monotonic()
        for round_ in range(ROUNDS):
            await asyncio.to_thread(self._publish, round_)
            most = max(most, pss(self.live))
            await asyncio.sleep(max(0, begun + (round_ + 1) * EVERY_SECONDS - time.monotonic()))
        seconds = time.monotonic() - begun
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.all_came.wait(), 20)
        most = max(most, pss(self.live))
        print(
            f"{len(DEVICES) / EVERY_SECONDS:.0f} readings a second for {seconds:.0f} s, {len(streams)} who read, {STALLED} who do not"
        )
        print(f"measurements told: {len(self.latencies)} of {EXPECTED}, {self.doubles} twice")
        at = sorted(self.latencies)
        p50, p95 = statistics.median(at), at[int(len(at) * 0.95)]
        print(
            f"from publishing to the client: p50 {p50 * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, longest {at[-1] * 1000:.0f} ms"
        )
        print(
            f"live process: PSS {most} MB at most, {(cpu_seconds(self.live) - cpu) / seconds * 100:.0f}% of a processor"
        )
        for task in readers:
            task.cancel()
        for _, writer in streams:
            writer.close()
        for one in stalled:
            one.close()

    async def _until_it_answers(self) -> None:
        for _ in range(300):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", PORT)
                writer.close()
                return
            except OSError:
                await asyncio.sleep(0.1)
        raise SystemExit("The live process does not answer.")

    async def _open(self, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
        writer.write(request(token))
        status = await reader.readline()
        if b" 200 " not in status:
            raise SystemExit(f"A stream was refused: {status!r}")
        return reader, writer

    def _stall(self, token: str) -> socket.socket:
        link = socket.create_connection(("127.0.0.1", PORT))
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        link.sendall(request(token))
        return link

    async def _read(self, reader: asyncio.StreamReader) -> None:
        name, seen = b"", set()
        while line := await reader.readline():
            if line.startswith(b"event: "):
                name = line[7:].strip()
            elif line.startswith(b"data: ") and name == b"measurement":
                shown = json.loads(line[6:])
                key = (shown["device_id"], shown["value"])
                self.doubles += key in seen
                seen.add(key)
                self.latencies.append(time.monotonic() - self.published[key])
                if len(self.latencies) == EXPECTED:
                    self.all_came.set()

    def _publish(self, round_: int) -> None:
        """A reading of every meter, spread over the round, each as a message of its own as meters send them."""
        link = pika.BlockingConnection(pika.URLParameters(os.environ["METER_AMQP_URL"]))
        channel = link.channel()
        channel.queue_declare("device_data_queue", durable=True)
        for n, device in enumerate(DEVICES):
            value = round_ + n / 1_000
            body = {"device_id": str(device), "timestamp": datetime.now(UTC).isoformat(), "measurement_value": value}
            self.published[str(device), value] = time.monotonic()
            channel.basic_publish("", "device_data_queue", json.dumps(body).encode())
            if n % 25 == 24:
                time.sleep(EVERY_SECONDS * 0.8 / (len(DEVICES) / 25))
        link.close()


def request(token: str) -> bytes:
    return f"GET {ADDRESS} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


def pss(pid: int) -> int:
    """Megabytes: what is the process's own, and its share of what it shares."""
    (line,) = [row for row in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if row.startswith("Pss:")]
    return round(int(line.split()[1]) / 1024)


def cpu_seconds(pid: int) -> float:
    return sum(map(int, Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13])) / os.sysconf(
        "SC_CLK_TCK"
    )


if __name__ == "__main__":
    main()
