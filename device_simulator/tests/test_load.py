"""A load: arrays of readings, every message confirmed, the same readings again for the same question."""

import json
import threading
from collections.abc import Callable

import pytest

from device_simulator import load
from device_simulator.errors import SimulatorError
from device_simulator.meters import Reading


def send(url: str, **options: int) -> bool:
    wanted = {"devices": 3, "readings": 1000, "array": 100, "interval_seconds": 600, **options}
    return load.send_load(url, stop=threading.Event(), **wanted)


def test_every_reading_arrives_once(meter_url: str, arrived: Callable[[], list[Reading]]) -> None:
    assert send(meter_url)

    found = arrived()
    assert len(found) == len({(r.device_id, r.instant) for r in found}) == 1000
    assert {r.device_id for r in found} == set(load.device_ids(3))
    assert {r.instant % 600 for r in found} == {0}


def test_more_messages_than_may_be_unconfirmed(meter_url: str, arrived: Callable[[], list[Reading]]) -> None:
    assert send(meter_url, array=1)
    assert len(arrived()) == 1000


def test_messages_hold_as_many_as_asked() -> None:
    made = list(load.bodies(devices=2, readings=25, array=10, interval_seconds=60))
    assert [count for _, count in made] == [10, 10, 3, 2]
    assert all(len(json.loads(body)["readings"]) == count for body, count in made)


def test_what_cannot_be_is_refused_by_name(meter_url: str) -> None:
    for option in ({"array": 1001}, {"devices": 0}, {"readings": 0}, {"interval_seconds": 0}):
        with pytest.raises(SimulatorError, match="--"):
            send(meter_url, **option)
    with pytest.raises(SimulatorError, match="does not answer"):
        send("amqp://meter:x@127.0.0.1:1/%2F")
