"""How long a closed hour of so many meters takes, from the table of hours to the stored forecasts, on so many worker processes.

    make bench ARGS="10000 --workers 2"      with the servers of `make infra`

It makes a database of its own beside the service's, and drops it. The hours lie there as they arrive: hour by hour, all meters.
In the first round every meter is new; the second is the hour after. The workers' shares of the plans are fixed beforehand.
"""

import argparse
import functools
import importlib
import json
import os
import resource
import subprocess
import sys
import time
import uuid
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import django

HISTORY = 12 * 168
END = datetime(2026, 3, 2, 12, tzinfo=UTC)
DATABASE = "bench_forecast"
WORKER = "--as-worker"
# What a worker's time goes into; the rest is locking, outbox and bookkeeping.
PHASES = {
    "reading the hours": ("forecasts.pipeline", "histories_of"),
    "choosing": ("forecasts.pipeline", "choose_for"),
    "fit and forecast": ("forecasts.pipeline", "answer_each"),
    "anomalies": ("forecasts.services", "look_for_anomalies"),
    "writing": ("forecasts.services", "store_forecasts"),
}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forecast_service.config.settings")


def main() -> None:
    django.setup()
    from django.conf import settings
    from django.db import connection

    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("meters", type=int)
    arguments.add_argument("--workers", type=int, default=2)
    asked = arguments.parse_args()
    connection.settings_dict["TEST"]["NAME"] = DATABASE
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    begun = time.monotonic()
    try:
        fill(asked.meters)
        url = urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{DATABASE}"))
        say(f"{asked.meters} meters x {HISTORY} hours lie in the table after {time.monotonic() - begun:.0f} s")
        measure("the first hour", asked.workers, url)
        add_hour(END)
        carry_on(END + timedelta(hours=1))
        measure("the hour after", asked.workers, url)
    finally:
        connection.creation.destroy_test_db(urlsplit(settings.DATABASE_URL).path[1:], verbosity=0)


def fill(meters: int) -> None:
    """Twelve weeks, hour by hour, of homes that differ in size, in the hour of their evening and in how their weekends go."""
    from django.db import connection

    from forecast_service.devices.models import Device

    ids = [uuid.UUID(int=number, version=4) for number in range(1, meters + 1)]
    Device.objects.bulk_create(
        [Device(id=one, name="bench", kind="consumption", version=1) for one in ids], batch_size=5000
    )
    with connection.cursor() as cursor:
        # Sorting twenty million keys once is faster than finding the place of each.
        cursor.execute("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'hours_hour_pkey'")
        (key,) = cursor.fetchone()
        cursor.execute("ALTER TABLE hours_hour SET UNLOGGED, DROP CONSTRAINT hours_hour_pkey")
        cursor.execute(HOMES)
        cursor.execute("SELECT setseed(0.5)")
        for hour in range(HISTORY, 0, -1):
            add_hour(END - timedelta(hours=hour))
        cursor.execute(
            f"SET maintenance_work_mem = '512MB'; ALTER TABLE hours_hour ADD CONSTRAINT hours_hour_pkey {key}"
        )
        cursor.execute("VACUUM hours_hour")  # as twelve weeks would have been
    carry_on(END)


HOMES = """
CREATE TEMPORARY TABLE home AS
SELECT id, exp(sin(number)) AS level, 17 + 4 * abs(sin(7 * number)) AS evening, 0.7 + 0.8 * abs(sin(3 * number)) AS weekend
FROM (SELECT id, row_number() OVER (ORDER BY id) AS number FROM devices_device) AS device
"""
# Of three uniform numbers the sum is normal enough, and cheap.
ADD_HOUR = """
INSERT INTO hours_hour (device_id, start, kwh, readings, expected, quality, version)
SELECT id, %(start)s, level * CASE WHEN %(weekend)s THEN weekend ELSE 1 END * (0.3 + 2 * exp((%(hour)s - evening) ^ 2 / -6))
       * exp(0.8 * (random() + random() + random() - 1.5)), 6, 6, 'measured', 1
FROM home
"""
EXTEND = """
INSERT INTO hours_series (device_id, until, revision, planned_revision)
SELECT id, %(until)s, 1, 0 FROM devices_device
ON CONFLICT (device_id) DO UPDATE SET until = EXCLUDED.until, revision = hours_series.revision + 1
"""


def add_hour(start: datetime) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        weekend = start.weekday() >= 5
        cursor.execute(ADD_HOUR, {"start": start, "hour": float(start.hour), "weekend": weekend})


def carry_on(until: datetime) -> None:
    """Each series, as the events would."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(EXTEND, {"until": until})


def measure(what: str, workers: int, url: str) -> None:
    from django.db import connection

    from forecast_service.forecasts.models import Forecast
    from forecast_service.forecasts.planning import take_up_changes

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    before, begun = Forecast.objects.count(), time.monotonic()
    while take_up_changes():
        pass
    planned = time.monotonic() - begun
    environment = os.environ | {"DATABASE_URL": url}
    command = [sys.executable, "-m", "forecast_service.bench.many_meters", WORKER]
    running = [
        subprocess.Popen([*command, str(number), str(workers)], env=environment, stdout=subprocess.PIPE, text=True)
        for number in range(workers)
    ]
    told = [json.loads(process.communicate()[0]) for process in running]
    seconds, stored = time.monotonic() - begun, Forecast.objects.count() - before
    cpu, database = sum(one["cpu"] for one in told), sum(one["database"] for one in told)
    say(
        f"{what}: {stored} forecasts in {seconds:.1f} s ({planned:.1f} s of it planning); CPU {cpu:.1f} s of the workers and "
        f"{database:.1f} s of their database, {1000 * (cpu + database) / max(stored, 1):.2f} ms each; "
        f"{max(one['memory'] for one in told):.0f} MB the larger worker"
    )
    for phase in PHASES:
        spent = [sum(one["phases"].get(phase, (0, 0))[part] for one in told) for part in (0, 1)]
        say(f"    {phase:20} {spent[0]:8.1f} s CPU {spent[1]:8.1f} s wall")


def work(number: int, workers: int) -> None:
    """One worker's share of the tasks, as the queue would deal them out."""
    django.setup()
    from django.db import connection

    from forecast_service.forecasts.models import Plan
    from forecast_service.forecasts.planning import PLANS_A_TASK
    from forecast_service.forecasts.services import UNDONE, issue_planned

    phases: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for phase, (module, name) in PHASES.items():
        place = importlib.import_module(f"forecast_service.{module}")
        setattr(place, name, _timed(getattr(place, name), phases[phase]))
    started = time.process_time()
    due = list(Plan.objects.filter(UNDONE).order_by("due_until", "pk").values_list("pk", flat=True))
    tasks = [due[first : first + PLANS_A_TASK] for first in range(0, len(due), PLANS_A_TASK)]
    for task in tasks[number::workers]:
        issue_planned(plan_ids=task)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        database = _cpu_of(cursor.fetchone()[0])
    cpu, memory = time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(json.dumps({"cpu": cpu, "database": database, "memory": memory, "phases": phases}))


def _timed(function: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        cpu, wall = time.process_time(), time.monotonic()
        try:
            return function(*given, **named)
        finally:
            spent[0] += time.process_time() - cpu
            spent[1] += time.monotonic() - wall

    return call


def _cpu_of(process: int) -> float:
    """Seconds; of the database's process on the same machine."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if WORKER in sys.argv:
        work(*map(int, sys.argv[-2:]))
    else:
        main()
