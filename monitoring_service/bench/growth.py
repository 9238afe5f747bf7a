"""`make bench-growth`: what a reading costs with 50 million rows there already, against a table that is nearly empty. Prints.

Readings arrive in the order of time, into a month that is two thirds full (1,000 meters at ten minutes; a year lies before it).
The two databases are measured in turn. Takes some ten minutes and 12 GB, which are given back at the end. ROWS=5000000 is smaller.
"""

import os
import statistics
import time
from datetime import UTC, datetime

from monitoring_service.bench.ingest import DEVICES, IDS, INTERVAL, ROUNDS, Clock, Machine, gateways, ingest, purge

ROWS = int(os.environ.get("ROWS", 50_000_000))
END = datetime(2025, 1, 20, tzinfo=UTC)
HOUR_COLUMNS = "device_id, start, q1, q2, q3, q4, kwh, expected, readings, n1, n2, n3, n4, whole, quality, version, published_version"


def fill(machine: Machine) -> None:
    """ROWS readings and their hours, as the years would have left them: in the order of time."""
    begun, month_end = END - ROWS // DEVICES * INTERVAL, END
    with machine.database.cursor() as cursor:
        while month_end > begun:
            month = (month_end - INTERVAL).replace(day=1, hour=0, minute=0)
            following = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)
            name = f"readings_reading_{month:%Y_%m}"
            if month.year < END.year:
                cursor.execute(
                    f"CREATE TABLE {name} PARTITION OF readings_reading FOR VALUES FROM (%s) TO (%s)",
                    [month, following],
                )
            print(f"filling {month:%Y-%m}", flush=True)
            cursor.execute(
                f"""INSERT INTO {name} (device_id, at, value)
                    SELECT d, at, 0.213 FROM generate_series(%s::timestamptz, %s::timestamptz, %s) AS at, unnest(%s::uuid[]) AS d""",
                [max(begun, month), month_end - INTERVAL, INTERVAL, IDS],
            )
            cursor.execute(
                f"""INSERT INTO hours_hour ({HOUR_COLUMNS})
                    SELECT d, start, 0.3195, 0.3195, 0.3195, 0.3195, 1.278, 6, 6, 1, 2, 1, 2, 15, 5, 6, 6
                    FROM generate_series(date_trunc('hour', %s::timestamptz), %s::timestamptz, interval '1 hour') AS start,
                         unnest(%s::uuid[]) AS d""",
                [max(begun, month), month_end - INTERVAL, IDS],
            )
            month_end = month
        cursor.execute("VACUUM ANALYZE")


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
