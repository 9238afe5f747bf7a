"""The two jobs of simulated meters: go on for ever, or fill a stretch of the past."""

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import structlog

from device_simulator.clock import SimulationClock
from device_simulator.meters import Meter, next_instant, readings_between
from device_simulator.mqtt import MqttPublisher
from device_simulator.publisher import ReadingPublisher

LONGEST_WAIT_SECONDS = 20.0

AnyPublisher = ReadingPublisher | MqttPublisher

log = structlog.get_logger()


def backfill(meters: Sequence[Meter], *, after: float, until: float, publisher: AnyPublisher) -> bool:
    """Publish every reading with after < instant <= until as fast as the broker confirms. True when all are there."""
    started, before = time.monotonic(), publisher.published
    done = publisher.publish(readings_between(meters, after, until))
    seconds = time.monotonic() - started
    count = publisher.published - before
    log.info(
        "back-filled" if done else "stopped before the end of the back-fill; run it again to complete it",
        readings=count,
        devices=len(meters),
        seconds=round(seconds, 1),
        per_second=round(count / max(seconds, 1e-9)),
    )
    return done


def simulate(
    meters: Sequence[Meter],
    *,
    clock: SimulationClock,
    publisher: AnyPublisher,
    stop: threading.Event,
    heartbeat: Path | None = None,
) -> None:
    """Publish each reading when the clock reaches its instant, until `stop`. `heartbeat` is touched all the while."""
    sent_until = clock.start
    while not stop.is_set():
        now = clock.now()
        if now > sent_until:
            publisher.publish(readings_between(meters, sent_until, now))
            sent_until = now
        if heartbeat is not None:
            heartbeat.touch()
        due = min(next_instant(meter, sent_until) for meter in meters)
        publisher.idle(min(clock.real_seconds_until(due, time.time()), LONGEST_WAIT_SECONDS))
