"""Real files as if they were meters: each reading when its time comes, or as fast as the broker confirms."""

import heapq
import math
import threading
import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import attrgetter

import structlog

from device_simulator.clock import SimulationClock
from device_simulator.csvfile import CsvFile, readings, shift_to, survey
from device_simulator.meters import Reading
from device_simulator.publisher import ReadingPublisher

log = structlog.get_logger()


def replay(
    files: Sequence[CsvFile],
    *,
    speed: float,
    move_to: str | None,
    publisher: ReadingPublisher,
    stop: threading.Event,
) -> bool:
    """Publish all readings of all files in order of time; True when the broker has confirmed every one.

    `speed` is simulated seconds per real second (`math.inf`: as fast as possible). `move_to` moves each file so that
    it ends there. The future is never sent: readings after now wait for their time.
    """
    streams = []
    for file in files:
        summary = survey(file)
        shift = shift_to(move_to, summary, datetime.now(UTC)) if move_to else 0
        log.info(
            "replaying",
            file=str(file.path),
            rows=summary.rows,
            readings=summary.readings,
            ends=datetime.fromtimestamp(summary.end + shift, UTC).isoformat(),
            **({"columns_without_device": ",".join(summary.ignored)} if summary.ignored else {}),
        )
        streams.append(readings(file, summary, shift))
    started = time.monotonic()
    done = _publish_in_time(heapq.merge(*streams, key=attrgetter("instant")), speed, publisher, stop)
    seconds = time.monotonic() - started
    log.info(
        "replayed" if done else "stopped before the end; the same command sends it again, which changes no total",
        readings=publisher.published,
        seconds=round(seconds, 1),
        per_second=round(publisher.published / max(seconds, 1e-9)),
    )
    return done


def _publish_in_time(
    ordered: Iterable[Reading],
    speed: float,
    publisher: ReadingPublisher,
    stop: threading.Event,
) -> bool:
    waiting: list[Reading] = []
    clock: SimulationClock | None = None
    for reading in ordered:
        # The first reading goes out at once; the others follow at their distance from it, divided by the speed.
        clock = clock or SimulationClock(start=reading.instant, acceleration=speed)
        if reading.instant > clock.now():
            if not publisher.publish(waiting):
                return False
            waiting = []
            while (left := clock.real_seconds_until(reading.instant, time.time())) > 0:
                publisher.idle(left)
                if stop.is_set():
                    return False
        waiting.append(reading)
        if math.isinf(speed) and len(waiting) >= 10_000:
            if not publisher.publish(waiting):
                return False
            waiting = []
    return publisher.publish(waiting)
