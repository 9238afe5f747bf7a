"""`make bench-growth`: what a reading costs with 50 million rows there already, against a table that is nearly empty. Prints.

Readings arrive in the order of time, into a month that is two thirds full (1,000 meters at ten minutes; a year lies before it).
The two databases are measured in turn. Takes some five minutes on two idle cores and 9 GB, which are given back at the end.
ROWS=5000000 is smaller.
"""

import os
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import psycopg2

from monitoring_service.bench.ingest import DEVICES, IDS, INTERVAL, ROUNDS, Clock, Machine, gateways, ingest, purge

ROWS = int(os.environ.get("ROWS", 50_000_000))
END = datetime(2025, 1, 20, tzinfo=UTC)
HOUR_COLUMNS = "device_id, start, q1, q2, q3, q4, kwh, expected, readings, n1, n2, n3, n4, whole, quality, version, published_version"


def fill(machine: Machine) -> None:
    """ROWS readings and their hours, as the years would have left them: in the order of time, indexed, vacuumed."""
    begun = END - ROWS // DEVICES * INTERVAL
    with machine.database.cursor() as cursor:
        cursor.execute("ALTER TABLE hours_hour SET (autovacuum_enabled = off)")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for month in pool.map(lambda span: _fill_month(machine.url, *span), _months(begun)):
            print(f"filled {month}", flush=True)
    with machine.database.cursor() as cursor:
        cursor.execute("ALTER TABLE hours_hour RESET (autovacuum_enabled)")
        cursor.execute("VACUUM ANALYZE hours_hour")


def _months(begun: datetime) -> list[tuple[datetime, datetime]]:
    """What of each month [first, end) lies before END."""
    spans = []
    while begun < END:
        following = (begun.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
        spans.append((begun, min(following, END)))
        begun = following
    return spans


def _fill_month(server: str, first: datetime, end: datetime) -> str:
    """A table of its own, indexed when it is full, becomes the month: nothing is looked up on the way."""
    month, name = first.replace(day=1, hour=0, minute=0), f"readings_reading_{first:%Y_%m}"
    following = (month + timedelta(days=32)).replace(day=1)
    link = psycopg2.connect(server)
    try:
        with link, link.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '256MB'")
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TABLE {name} (LIKE readings_reading INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
            cursor.execute(
                f"""INSERT INTO {name} (device_id, at, value)
                    SELECT d, at, 0.213 FROM generate_series(%s::timestamptz, %s::timestamptz, %s) AS at, unnest(%s::uuid[]) AS d""",
                [first, end - INTERVAL, INTERVAL, IDS],
            )
            cursor.execute(f"ALTER TABLE {name} ADD PRIMARY KEY (device_id, at)")
            cursor.execute(
                f"""INSERT INTO hours_hour ({HOUR_COLUMNS})
                    SELECT d, start, 0.3195, 0.3195, 0.3195, 0.3195, 1.278, 6, 6, 1, 2, 1, 2, 15, 5, 6, 6
                    FROM generate_series(date_trunc('hour', %s::timestamptz), %s::timestamptz, interval '1 hour') AS start,
                         unnest(%s::uuid[]) AS d""",
                [first, end - INTERVAL, IDS],
            )
        link.autocommit = True
        with link.cursor() as cursor:
            cursor.execute(
                f"ALTER TABLE readings_reading ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)", [month, following]
            )
            cursor.execute(f"VACUUM ANALYZE {name}")
    finally:
        link.close()
    return f"{month:%Y-%m}"


def main() -> None:
    purge()
    machines = {"empty": Machine("bench_empty"), "full": Machine("bench_full")}
    clocks = {name: Clock(END) for name in machines}
    begun = time.monotonic()
    fill(machines["full"])
    print(f"{ROWS:,} readings in {time.monotonic() - begun:.0f} s")
    costs: dict[str, list[float]] = {name: [] for name in machines}
    for _ in range(ROUNDS):
        for name, machine in machines.items():
            _, used = ingest(machine, gateways(clocks[name], 200_000))
            costs[name].append(used.python + used.postgres)
            print(f"{name:6} {used}   (CPU microseconds a reading: Python PostgreSQL broker)", flush=True)
    ratio = statistics.median(map(float.__truediv__, costs["full"], costs["empty"]))
    print(f"a reading costs {ratio:.2f} times as much with {ROWS:,} rows there (aim 1.3)")
    for machine in machines.values():
        machine.drop()


if __name__ == "__main__":
    main()
