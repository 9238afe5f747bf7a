"""The background jobs of a service, as threads of one process.

A job is a unit: a function that does one piece of work and says (by a truthy answer) whether there was any.
Tests call the unit; only this file loops.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from django.db import Error, close_old_connections, connection
from pika.exceptions import AMQPError

from service_kit.consumer import RETRY_AT_ONCE, DatabaseAway, database_is_away, sqlstate

log = structlog.get_logger(__name__)
Unit = Callable[[], object]
HOUR, DAY = 3_600, 86_400
IDLE_SECONDS = 0.2
STUCK_SECONDS = 180
STOP_SECONDS = 25


def every(seconds: float, unit: Unit, *, first: float = 0) -> Unit:
    """The unit, run at most once in `seconds`; the first time after `first` of them."""
    due = time.monotonic() + first

    def run() -> object:
        nonlocal due
        if time.monotonic() < due:
            return False
        worked = unit()
        due = time.monotonic() + seconds
        return worked

    return run


class Jobs:
    """Runs each unit in a thread of its own until stopped. A job that dies ends them all, and the process's keeper restarts it."""

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self.units = dict(units)
        self.stop = threading.Event()
        self.died: str | None = None
        self._beats = dict.fromkeys(self.units, time.monotonic())

    def loop(self, name: str, unit: Unit) -> None:
        structlog.contextvars.bind_contextvars(job=name)
        wait = 0.5
        while not self.stop.is_set():
            self._beats[name] = time.monotonic()
            close_old_connections()
            try:
                worked = unit()
                wait = 0.5
            except (AMQPError, OSError, DatabaseAway, Error) as error:
                if isinstance(error, Error) and not database_is_away(error) and sqlstate(error) not in RETRY_AT_ONCE:
                    self._die(name, error)
                    return
                connection.close()
                log.warning(
                    "job waits",
                    job=name,
                    error=f"{type(error).__name__}: {error}".strip(),
                    retry_in=wait,
                )
                self.stop.wait(wait)
                wait = min(wait * 2, 15)
            except Exception as error:  # noqa: BLE001  whatever it is, it ends the process and is logged with its trace
                self._die(name, error)
                return
            else:
                if not worked:
                    self.stop.wait(IDLE_SECONDS)
        connection.close()

    def _die(self, name: str, error: Exception) -> None:
        log.error("job died", job=name, exc_info=error)
        self.died = name
        self.stop.set()

    def alive(self) -> bool:
        """Whether every job has come round lately."""
        oldest = min(self._beats.values(), default=time.monotonic())
        return not self.died and time.monotonic() - oldest < STUCK_SECONDS

    def run(self) -> int:
        """Until SIGTERM (exit status 0, each unit finished) or the death of a job (1)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())
        threads = [threading.Thread(target=self.loop, args=item, name=item[0]) for item in self.units.items()]
        for thread in threads:
            thread.daemon = True
            thread.start()
        log.info("jobs run", jobs=list(self.units))
        heartbeat = Path(os.environ["HEARTBEAT_FILE"]) if os.environ.get("HEARTBEAT_FILE") else None
        while not self.stop.wait(2):
            if heartbeat is not None and self.alive():
                heartbeat.touch()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in threads:
            thread.join(max(0.1, deadline - time.monotonic()))
        log.info("jobs stopped", died=self.died)
        return 1 if self.died else 0
