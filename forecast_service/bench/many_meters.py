"""How long a closed hour of so many meters takes, from the table of hours to the stored forecasts, on so many worker processes.

    make bench ARGS="10000 --workers 2"      with the servers of `make infra`

It makes a database of its own beside the service's, and drops it. The hours lie there as they arrive: hour by hour, all meters.
The first round chooses a model for each meter, which happens once a day; the second is the hour after.
"""

import argparse
import io
import os
import resource
import subprocess
import sys
import time
import uuid
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import django
import numpy as np

HISTORY = 12 * 168
END = datetime(2026, 3, 2, 12, tzinfo=UTC)
DATABASE = "bench_forecast"
WORKER = "--as-worker"


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
    try:
        ids = fill(asked.meters)
        url = urlunsplit(urlsplit(settings.DATABASE_URL)._replace(path=f"/{DATABASE}"))
        say(f"{asked.meters} meters x {HISTORY} hours lie in the table")
        measure("first hour, with the choice of a model", asked.workers, url)
        add_hours(ids, END, 1)
        measure("the hour after", asked.workers, url)
    finally:
        connection.creation.destroy_test_db(urlsplit(settings.DATABASE_URL).path[1:], verbosity=0)


def fill(meters: int) -> list[uuid.UUID]:
    from forecast_service.devices.models import Device

    ids = [uuid.UUID(int=number, version=4) for number in range(1, meters + 1)]
    Device.objects.bulk_create(
        [Device(id=one, name="bench", kind="consumption", version=1) for one in ids], batch_size=5000
    )
    for day in range(HISTORY // 24):
        add_hours(ids, END - timedelta(hours=HISTORY - 24 * day), 24)
    return ids


def add_hours(ids: list[uuid.UUID], first: datetime, hours: int) -> None:
    """As the events write them, but by COPY: the making of the data is not what is measured."""
    from django.db import connection

    random = np.random.default_rng(int(first.timestamp()) // 3600)
    level = np.exp(np.sin(np.arange(len(ids))))
    rows = io.StringIO()
    for hour in range(hours):
        start = first + timedelta(hours=hour)
        shape = 0.3 + 2 * np.exp(-((start.hour - 19.0) ** 2) / 6)
        values = level * shape * random.lognormal(0, 0.4, len(ids))
        text = start.isoformat()
        rows.writelines(f"{one}\t{text}\t{kwh:.4f}\t6\t6\tmeasured\t1\n" for one, kwh in zip(ids, values, strict=True))
    rows.seek(0)
    with connection.cursor() as cursor:
        columns = ("device_id", "start", "kwh", "readings", "expected", "quality", "version")
        cursor.cursor.copy_from(rows, "hours_hour", columns=columns)
        cursor.execute(
            """
            INSERT INTO hours_series (device_id, until, revision, planned_revision)
            SELECT id, %s, 1, 0 FROM devices_device
            ON CONFLICT (device_id) DO UPDATE SET until = EXCLUDED.until, revision = hours_series.revision + 1
            """,
            [first + timedelta(hours=hours)],
        )


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
    told = [(process.communicate()[0] or "").split() for process in running]
    seconds, stored = time.monotonic() - begun, Forecast.objects.count() - before
    cpu, memory = sum(float(one[0]) for one in told), max(float(one[1]) for one in told)
    say(
        f"{what}: {stored} forecasts in {seconds:.1f} s ({planned:.1f} s of it planning), {cpu:.1f} s of the workers' CPU, "
        f"{1000 * cpu / max(stored, 1):.2f} ms each, {memory:.0f} MB the larger worker"
    )


def work(number: int, workers: int) -> None:
    """One worker's share of the tasks, as the queue would deal them out."""
    django.setup()
    from forecast_service.forecasts.models import Plan
    from forecast_service.forecasts.planning import PLANS_A_TASK
    from forecast_service.forecasts.services import UNDONE, issue_planned

    due = list(Plan.objects.filter(UNDONE).order_by("due_until", "pk").values_list("pk", flat=True))
    tasks = [due[first : first + PLANS_A_TASK] for first in range(0, len(due), PLANS_A_TASK)]
    for task in tasks[number::workers]:
        issue_planned(plan_ids=task)
    used = resource.getrusage(resource.RUSAGE_SELF)
    say(f"{used.ru_utime + used.ru_stime} {used.ru_maxrss / 1024}")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if WORKER in sys.argv:
        work(*map(int, sys.argv[-2:]))
    else:
        main()
