"""Registrations through the gateway, many at once: how many a second, how long one takes, how soon everybody knows the user.

python -m bench.registrations [--people 500] [--at-once 50]
"""

import argparse
import math
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from ops.instances import Instance
from tests.faults.checker import agree
from tests.faults.system import FULL, System

UNLIMITED = {"THROTTLE_REGISTER": "1000000/min", "THROTTLE_LOGIN": "1000000/min"}


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that `share` of them do not exceed."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


class Watch:
    """Notes when each user first shows in monitoring's own table."""

    def __init__(self, system: System) -> None:
        self.seen: dict[str, float] = {}
        self._system, self._stop = system, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        connection = self._system.database("monitoring")
        connection.autocommit = True
        with connection.cursor() as cursor:
            while not self._stop.wait(0.02):
                cursor.execute("SELECT id::text FROM people_user WHERE NOT id::text = ANY(%s)", [list(self.seen)])
                now = time.monotonic()
                self.seen |= {id_: now for (id_,) in cursor.fetchall()}

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def run(system: System, *, people: int, at_once: int) -> None:
    took: list[float] = []
    answered: dict[str, float] = {}
    here = threading.local()

    def register(number: int) -> int:
        if not hasattr(here, "http"):
            here.http = httpx.Client(base_url=system.gateway, timeout=120, trust_env=False)
        form = {
            "username": f"bench-{number}", "email": f"bench-{number}@example.org", "password": "correct-horse-7-battery",
            "first_name": "Bench", "last_name": str(number),
        }  # fmt: skip
        begun = time.monotonic()
        answer = here.http.post("/api/auth/register", json=form)
        ended = time.monotonic()
        if answer.status_code == 201:
            took.append(ended - begun)
            answered[answer.json()["user"]["id"]] = ended
        return int(answer.status_code)

    watch = Watch(system)
    begun = time.monotonic()
    with ThreadPoolExecutor(at_once) as all_at_once:
        statuses = list(all_at_once.map(register, range(people)))
    seconds = time.monotonic() - begun
    agree(system)
    watch.stop()
    known = [max(0.0, watch.seen[id_] - at) for id_, at in answered.items()]
    others = {status: statuses.count(status) for status in set(statuses) - {201}}
    print(f"{people} registrations, {at_once} at once: {len(took) / seconds:.1f}/s")
    print(f"one takes {percentile(took, 0.5):.2f} s (median), {percentile(took, 0.95):.2f} s (p95)")
    print(f"known in monitoring after {percentile(known, 0.5):.2f} s (median), {percentile(known, 0.95):.2f} s (p95)")
    print(f"other answers: {others or 'none'}; all services agree, nothing is lost")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--people", type=int, default=500)
    arguments.add_argument("--at-once", type=int, default=50)
    given = arguments.parse_args()
    system = System(FULL, Instance("bench"), settings=UNLIMITED, proxied=False)
    system.down()
    try:
        system.up()
        run(system, people=given.people, at_once=given.at_once)
    finally:
        system.down()


if __name__ == "__main__":
    main()
