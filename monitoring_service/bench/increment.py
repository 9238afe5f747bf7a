"""What it costs to compute hours anew from their rows, against adding each new reading to its hour (which no correction, late
reading or restarted counter could be taken out of again). In one process, batch by batch in turn; CPU of it and its backend."""

import json
import sys
import time
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from typing import Any

import django
import numpy as np

django.setup()

from django.db import connection  # noqa: E402

from monitoring_service.bench.ingest import Body, Clock, backlogs, cpu, gateways  # noqa: E402
from monitoring_service.hours.aggregation import recompute_hours  # noqa: E402
from monitoring_service.hours.energy import HOUR, Ints  # noqa: E402
from monitoring_service.hours.rows import array, floats  # noqa: E402
from monitoring_service.hours.storing import ChangedHours  # noqa: E402
from monitoring_service.readings import services  # noqa: E402
from monitoring_service.readings.batch import BATCH_READINGS, Batch, Message  # noqa: E402

BATCHES = 10


def add_to_hours(*, device_ids: list[str], meters: list[Any], device: Ints, at: Ints) -> list[ChangedHours]:
    """One statement that adds to the hours what came (0.213 kWh each)."""
    hour = (at - 1) // HOUR * HOUR
    keys, counts = np.unique(np.stack([device, hour]), axis=1, return_counts=True)
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO hours_hour AS h (device_id, start, q1, kwh, expected, n1, n2, n3, n4, readings, whole, quality,
                                            version, published_version)
               SELECT (%s::uuid[])[i.device + 1], 'epoch'::timestamptz + i.start * interval '1 microsecond', i.kwh, i.kwh, 6,
                      i.n, 0, 0, 0, i.n, 0, 3, 1, 0
               FROM unnest(%s::int[], %s::bigint[], %s::float8[], %s::int[]) AS i (device, start, kwh, n)
               ON CONFLICT (device_id, start) DO UPDATE SET
                   q1 = h.q1 + EXCLUDED.q1, kwh = h.kwh + EXCLUDED.kwh, n1 = h.n1 + EXCLUDED.n1,
                   readings = h.readings + EXCLUDED.readings, version = h.version + 1""",
            [
                array(device_ids),
                array(keys[0].tolist()),
                array(keys[1].tolist()),
                floats((counts * 0.213).tolist()),
                array(counts.tolist()),
            ],
        )
    return [ChangedHours(device_ids[d], int(at.min()), int(at.max())) for d in np.unique(device).tolist()]


def nothing(**_: Any) -> list[ChangedHours]:
    return []


def measure(bodies: Callable[[Clock, int], Any], clock: Clock) -> dict[str, float]:
    """Microseconds of CPU a reading: of all of it with each way, and without hours."""
    connection.ensure_connection()
    backend = connection.connection.get_backend_pid()
    ways: dict[str, Callable[..., list[ChangedHours]]] = {
        "recomputed": recompute_hours, "added": add_to_hours, "without": nothing,
    }  # fmt: skip
    used = dict.fromkeys(ways, 0.0)
    messages: Any = iter(bodies(clock, BATCHES * BATCH_READINGS * len(ways)))
    for _ in range(BATCHES):
        for name, way in ways.items():
            batch = Batch()
            body: Body
            for body in islice(messages, BATCH_READINGS // 100):
                batch.add(Message(body[0], "", 0), 1)
            services.recompute_hours = way
            begun = time.process_time() + cpu(backend)
            batch.store()
            used[name] += time.process_time() + cpu(backend) - begun
    return {name: seconds / BATCHES / BATCH_READINGS * 1e6 for name, seconds in used.items()}


if __name__ == "__main__":
    at = Clock(datetime.fromisoformat(sys.argv[1]))
    print(json.dumps({"100 devices": measure(gateways, at), "one device": measure(backlogs, at), "until": str(at.now)}))
