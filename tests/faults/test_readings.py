"""Readings flow, doubled, shuffled and with bad ones among them, while what takes them in is killed: each counts once."""

import json
import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from device_simulator.meters import Reading
from device_simulator.publisher import ReadingPublisher
from tests.faults.system import System
from tests.faults.test_events import a_device
from tests.journeys.client import wait_for

REFUSED = "device_data_queue.dlq"
METERS, MINUTE = 8, 60
SENT = "every reading counts once, every hour and its copy are right, and the bad ones are parked with their reason"
Hours = dict[tuple[str, datetime], tuple[int, float]]


class Load:
    """Meters of a minute's interval that send until told to stop; remembers what counts and what must be refused."""

    def __init__(self, system: System, seed: int) -> None:
        self._chance = random.Random(seed)
        self.ids = [a_device(system, interval_seconds=MINUTE)["id"] for _ in range(METERS)]
        self.begin = (datetime.now(UTC) - timedelta(days=40)).replace(minute=0, second=0, microsecond=0)
        self.good: dict[tuple[str, int], float] = {}
        self.bad: set[tuple[str, int]] = set()
        self._next = dict.fromkeys(self.ids, int(self.begin.timestamp()) + MINUTE)
        self._stop = threading.Event()
        self._publisher = ReadingPublisher(system.instance.settings["METER_AMQP_URL"], threading.Event())
        self._thread = threading.Thread(target=self._run, daemon=True)

    def past(self, days: int) -> None:
        """An hour of the first meter, that long ago."""
        instant = int((self.begin - timedelta(days=days)).timestamp())
        self._send([self._reading(self.ids[0], instant + n * MINUTE) for n in range(1, 61)])

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(120)
        assert not self._thread.is_alive(), "the broker does not take readings any more"
        self._publisher.close()

    def flows(self, readings: int = 500) -> None:
        """Returns when so many more have been confirmed."""
        before = len(self.good)
        wait_for("readings flow", lambda: len(self.good) >= before + readings, within=120)

    def _run(self) -> None:
        while not self._stop.is_set():
            chosen = self._chance.sample(self.ids, self._chance.choice([1, 1, 3]))
            message = [self._following(of) for of in chosen for _ in range(self._chance.choice([1, 10, 60]))]
            if self._chance.random() < 0.3:
                message += [Reading(of, at, value) for (of, at), value in list(self.good.items())[-5:]]
            if self._chance.random() < 0.2:
                message.append(self._following(chosen[0], bad=True))
            self._chance.shuffle(message)
            self._send(message)
            self._publisher.idle(0.03)

    def _following(self, device_id: str, *, bad: bool = False) -> Reading:
        instant = self._next[device_id]
        self._next[device_id] = instant + MINUTE
        return Reading(device_id, instant, -1.0) if bad else self._reading(device_id, instant)

    def _reading(self, device_id: str, instant: int) -> Reading:
        return Reading(device_id, instant, self._chance.randint(0, 1023) / 1024)

    def _send(self, message: list[Reading]) -> None:
        assert self._publisher.publish(message)
        for reading in message:
            if reading.value < 0:
                self.bad.add((reading.device_id, reading.instant))
            else:
                self.good[reading.device_id, reading.instant] = reading.value

    def hours(self) -> Hours:
        found: dict[tuple[str, datetime], list[float]] = defaultdict(list)
        for (device_id, instant), value in self.good.items():
            found[device_id, datetime.fromtimestamp((instant - 1) // 3600 * 3600, UTC)].append(value)
        return {hour: (len(values), sum(values)) for hour, values in found.items()}


@pytest.fixture
def load(system: System, request: pytest.FixtureRequest) -> Iterator[Load]:
    with system.channel(vhost="/") as channel:
        channel.queue_purge(REFUSED)
    with Load(system, seed=len(request.node.name)) as made:
        made.flows()
        yield made


def all_counted(system: System, load: Load, agreed: Callable[..., None]) -> None:
    """The end of each case: what was sent is what is stored, summed, told and parked."""
    load.__exit__()
    agreed()
    expected = load.hours()

    def stored(service: str) -> Any:
        rows = system.sql(
            service,
            "SELECT device_id::text, start, readings, kwh FROM hours_hour WHERE device_id = ANY(%s::uuid[])",
            load.ids,
        )
        found = {(of, start): (count, kwh) for of, start, count, kwh in rows}
        assert found.keys() == expected.keys()
        assert {key: count for key, (count, _) in found.items()} == {key: n for key, (n, _) in expected.items()}
        for key, (_, kwh) in found.items():
            assert kwh == pytest.approx(expected[key][1], rel=0, abs=1e-9)
        return True

    wait_for("every hour is as its readings say", lambda: stored("monitoring"), within=120)
    rows = system.sql(
        "monitoring",
        "SELECT device_id::text, extract(epoch FROM at)::bigint, value FROM readings_reading"
        " WHERE device_id = ANY(%s::uuid[]) AND at > %s",
        load.ids,
        load.begin,
    )
    sent = {key: value for key, value in load.good.items() if key[1] > load.begin.timestamp()}
    assert {(of, at): value for of, at, value in rows} == sent
    assert len(rows) == len(sent)
    wait_for("the forecasts' copies of the hours too", lambda: stored("forecast"), within=120)
    found: set[tuple[str, int]] = set()

    def all_parked() -> bool:
        found.update(parked(system))
        assert found == load.bad
        return True

    wait_for("the refused are parked", all_parked, within=60)


def parked(system: System) -> Iterator[tuple[str, int]]:
    """(device, instant) of refused readings, taken away; one whose consumer died before its acknowledgement comes twice."""
    with system.channel(vhost="/") as channel:
        while (message := channel.basic_get(REFUSED, auto_ack=True))[0] is not None:
            _, properties, body = message
            assert "negative" in properties.headers["x-error"]
            reading = json.loads(body)
            yield reading["device_id"], int(datetime.fromisoformat(reading["timestamp"]).timestamp())


@pytest.mark.parametrize("point", ["before_commit", pytest.param("after_commit_before_ack", marks=pytest.mark.full)])
@pytest.mark.fault("the consumer of readings killed before its commit; killed between commit and acknowledgement", SENT)
def test_the_consumer_dies(system: System, load: Load, agreed: Callable[..., None], point: str) -> None:
    system.arm("monitoring", point)
    wait_for("it has died", lambda: system.died("monitoring", point))
    load.flows()
    all_counted(system, load, agreed)


@pytest.mark.fault("the database server stopped at once (immediate), and killed with -9, while readings flow", SENT)
def test_the_database_dies(system: System, load: Load, agreed: Callable[..., None]) -> None:
    system.stop_postgres_at_once()
    load.flows()
    system.wait_healthy()
    system.kill("postgres")
    load.flows()
    all_counted(system, load, agreed)


@pytest.mark.full
@pytest.mark.fault("the broker killed with -9 while readings flow", SENT)
def test_the_broker_dies(system: System, load: Load, agreed: Callable[..., None]) -> None:
    system.kill("rabbitmq")
    load.flows()
    all_counted(system, load, agreed)


@pytest.mark.full
@pytest.mark.fault("the consumer's connection to the broker reset, again and again", SENT)
def test_the_consumer_is_cut_off(system: System, load: Load, agreed: Callable[..., None]) -> None:
    cuts = 0
    while cuts < 6:
        cuts += system.meter_proxy.cut()
        load.flows(100)
    all_counted(system, load, agreed)


@pytest.mark.full
@pytest.mark.fault("two consumers of readings of the same devices, one of them killed", SENT)
def test_two_consumers(system: System, load: Load, agreed: Callable[..., None]) -> None:
    with system.another("monitoring-ingest", PORT=""):
        load.flows(2_000)
        system.kill("monitoring-ingest")
        load.flows()
    all_counted(system, load, agreed)
    log = (system.instance.log / "monitoring-ingest-beside.log").read_text()
    assert "deadlock" not in log


@pytest.mark.fault("months of readings dropped while readings flow", f"{SENT}; hours of dropped readings stay")
def test_retention_during_ingest(system: System, agreed: Callable[..., None]) -> None:
    load = Load(system, seed=1)
    load.past(days=120)
    with load:
        load.flows()
        wait_for("the old ones are stored", lambda: months(system, load) == {load.begin - timedelta(days=120)})
        while months(system, load):
            system.run("monitoring", "partitions", RETENTION_MONTHS="2")
        load.flows()
    all_counted(system, load, agreed)


def months(system: System, load: Load) -> set[datetime]:
    """The hours before the load's beginning that still have readings."""
    return {
        start
        for (start,) in system.sql(
            "monitoring",
            "SELECT DISTINCT date_trunc('hour', at - interval '1 second') FROM readings_reading"
            " WHERE device_id = ANY(%s::uuid[]) AND at <= %s",
            load.ids,
            load.begin,
        )
    }


@pytest.mark.fault("ten minutes of load with kills of anything at random moments", SENT)
def test_random_kills_under_load(
    system: System, load: Load, agreed: Callable[..., None], request: pytest.FixtureRequest
) -> None:
    chance = random.Random(11)
    harm: list[Callable[[], object]] = [
        lambda: system.kill("monitoring-ingest"),
        lambda: system.kill("monitoring-jobs"),
        lambda: system.kill("postgres"),
        lambda: system.kill("rabbitmq"),
        lambda: system.meter_proxy.cut(),
        lambda: system.arm("monitoring", "before_commit"),
        lambda: system.arm("monitoring", "after_commit_before_ack"),
    ]
    until = time.monotonic() + (600 if request.config.getoption("--full") else 30)
    while time.monotonic() < until:
        chance.choice(harm)()
        load.flows(chance.randint(1, 1_500))
    system.heal()
    all_counted(system, load, agreed)
