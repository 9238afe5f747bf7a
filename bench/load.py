"""Load on one service: many clients at once, and what each part of the machine spent on it.

The clients share one thread and read their answers whole, so that they leave the processors to what is measured.
"""

import os
import selectors
import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

Addresses = Callable[[], str]
_PARTS = ("service", "PostgreSQL", "clients")
_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE_SECONDS = 60


def cpu_seconds(pid: int) -> float:
    """What a process, its children and those that it has waited for have used of the processors so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_own_seconds(each) for each in (*map(int, children), pid))


def _own_seconds(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):  # ended just now: its parent counts it
        return 0
    return sum(map(int, stat.rsplit(")", 1)[1].split()[11:15])) / _TICKS


def postmaster(database_url: str) -> int:
    """The process id of the server; it must run on this machine."""
    with psycopg2.connect(database_url) as link:
        backend = link.get_backend_pid()
        return int(Path(f"/proc/{backend}/stat").read_text().rsplit(")", 1)[1].split()[1])


@dataclass
class Run:
    """Answers of one kind: ms until the client had each, ms within the service, over which time (s), with which CPU time (s)."""

    took: list[float] = field(default_factory=list)
    inside: list[float] = field(default_factory=list)
    seconds: float = 0
    cpu: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_PARTS, 0.0))

    @property
    def rate(self) -> float:
        return len(self.took) / self.seconds

    @property
    def cpu_ms(self) -> dict[str, float]:
        return {part: used / len(self.took) * 1000 for part, used in self.cpu.items()}

    def row(self, name: str) -> str:
        took, inside = _middle_and_p95(self.took), _middle_and_p95(self.inside)
        cpu = " / ".join(f"{self.cpu_ms[part]:.1f}" for part in _PARTS)
        return f"| {name} | {took} | {inside} | {self.rate:.0f} | {cpu} |"


HEADER = (
    "| answer | p50 / p95 ms, clients | p50 / p95 ms, in the service | a second | CPU ms: service / PostgreSQL / clients |\n"
    "|---|---|---|---|---|"
)


def _middle_and_p95(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} / {statistics.quantiles(values, n=20)[-1]:.1f}"


@dataclass(frozen=True)
class Load:
    """`clients` that ask the service on this port, each as soon as it has its last answer."""

    port: int
    service: int
    postgres: int
    token: str
    clients: int = 8

    def ask(self, addresses: Addresses, requests: int, run: Run | None = None) -> Run:
        """So many requests more, added to `run`."""
        run = run or Run()
        connections = [_Connection(self.port, self.token) for _ in range(self.clients)]
        for connection in connections:  # what is opened once is not measured
            connection.ask(addresses())
            while not connection.receive():
                pass
        before, begun = self._used(), time.perf_counter()
        self._ask_in_parallel(connections, addresses, requests, run)
        run.seconds += time.perf_counter() - begun
        for part, used, earlier in zip(_PARTS, self._used(), before, strict=True):
            run.cpu[part] += used - earlier
        for connection in connections:
            connection.close()
        return run

    def _used(self) -> tuple[float, float, float]:
        return cpu_seconds(self.service), cpu_seconds(self.postgres), time.process_time()

    def _ask_in_parallel(self, connections: list["_Connection"], addresses: Addresses, requests: int, run: Run) -> None:
        waiting = selectors.DefaultSelector()
        for connection in connections[:requests]:
            waiting.register(connection, selectors.EVENT_READ, connection)
            connection.ask(addresses())
        left = requests - len(waiting.get_map())
        while waiting.get_map():
            ready = waiting.select(_PATIENCE_SECONDS)
            if not ready:
                raise SystemExit(f"No answer within {_PATIENCE_SECONDS} s.")
            for key, _ in ready:
                answered: _Connection = key.data
                if answered.receive():
                    run.took.append(answered.took_ms)
                    run.inside.append(answered.inside_ms)
                    if left:
                        left -= 1
                        answered.ask(addresses())
                    else:
                        waiting.unregister(answered)


class _Connection:
    """A connection that is kept for many requests, one at a time."""

    def __init__(self, port: int, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._headers = f"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"

    def fileno(self) -> int:
        return self._socket.fileno()

    def close(self) -> None:
        self._socket.close()

    def ask(self, address: str) -> None:
        self._address, self._received, self._length = address, bytearray(), 0
        self._begun = time.perf_counter()
        self._socket.sendall(f"GET {address} {self._headers}".encode())

    def receive(self) -> bool:
        """Take what has come; whether that was the answer's end. Ends the program with what was not answered by 200."""
        part = self._socket.recv(1 << 20)
        if not part:
            raise SystemExit(f"{self._address}: the connection ended before the answer did.")
        self._received += part
        if not self._length:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return False
            self._read_head(end)
        if len(self._received) < self._length:
            return False
        if not self._is_ok:
            raise SystemExit(f"{self._address}: {self._received[:600].decode(errors='replace')}")
        self.took_ms = (time.perf_counter() - self._begun) * 1000
        return True

    def _read_head(self, end: int) -> None:
        first, *lines = self._received[:end].decode("latin-1").split("\r\n")
        named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._is_ok = first.split(" ")[1] == "200"
        self._length = end + 4 + int(named["content-length"])
        self.inside_ms = float(named["server-timing"].partition("dur=")[2])
