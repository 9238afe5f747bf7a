"""Every reading reaches the broker, whatever happens to the line; a doubled one changes nothing, a lost one would."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from device_simulator.errors import SimulatorError
from device_simulator.meters import Meter, Reading, readings_between
from device_simulator.publisher import QUEUE, ReadingPublisher
from device_simulator.simulate import backfill
from device_simulator.tests.conftest import Line

ALICE = Meter("00000000-0000-4000-8000-00000000a11c")
BOB = Meter("00000000-0000-4000-8000-000000000b0b")
START = 1_769_817_600  # 2026-01-31T00:00Z


def test_in_real_time_each_reading_is_a_message_of_its_own(
    publisher: ReadingPublisher, bodies: Callable[[], list[Any]]
) -> None:
    power = replace(BOB, reading="power_w", noise=0)

    assert publisher.publish(readings_between([replace(ALICE, noise=0), power], START, START + 600))

    assert bodies() == [
        {"timestamp": "2026-01-31T00:10:00Z", "device_id": ALICE.device_id, "measurement_value": 0.1},
        {"timestamp": "2026-01-31T00:10:00Z", "device_id": BOB.device_id, "power": 600.0},
    ]


def test_catching_up_goes_in_arrays_of_at_most_a_thousand(
    publisher: ReadingPublisher, bodies: Callable[[], list[Any]]
) -> None:
    assert publisher.publish(readings_between([ALICE, BOB], START, START + 1_250 * 600))

    messages = bodies()
    assert [sum(len(part["readings"]) for part in message) for message in messages] == [1_000, 1_000, 500]
    assert publisher.published == 2_500


def test_messages_survive_a_restart_of_the_broker(publisher: ReadingPublisher, queue: Any) -> None:
    publisher.publish([Reading(ALICE.device_id, START, 0.1)])

    _, properties, _ = queue.basic_get(QUEUE, auto_ack=True)

    assert properties.delivery_mode == 2


def test_a_line_cut_again_and_again_loses_nothing(
    publisher: ReadingPublisher, line: Line, arrived: Callable[[], list[Reading]]
) -> None:
    sent = list(readings_between([ALICE], START, START + 300 * 600))

    def cutting() -> Iterator[Reading]:
        for number, reading in enumerate(sent):
            if number % 50 == 25:
                line.cut()
            yield reading

    for reading in cutting():
        assert publisher.publish([reading])

    assert set(arrived()) == set(sent)


def test_a_line_cut_during_a_message_sends_it_again(
    publisher: ReadingPublisher, line: Line, arrived: Callable[[], list[Reading]]
) -> None:
    sent = list(readings_between([ALICE], START, START + 20_000 * 600))
    publisher.publish(sent[:1])

    def cut_when_busy() -> None:
        for share in range(1, 6):
            while line.forwarded < share * 100_000:
                pass_on.wait(0.001)
            line.cut()

    pass_on = threading.Event()
    cutter = threading.Thread(target=cut_when_busy, daemon=True)
    cutter.start()
    assert publisher.publish(sent[1:])
    cutter.join(timeout=30)

    assert not cutter.is_alive()
    assert set(arrived()) == set(sent)


def test_a_queue_that_somebody_deleted_is_declared_again(
    publisher: ReadingPublisher, bodies: Callable[[], list[Any]]
) -> None:
    publisher.publish([Reading(ALICE.device_id, START, 0.1)])
    # A meter may configure its queue, so it may also delete it.
    assert publisher._channel is not None
    publisher._channel.queue_delete(QUEUE)

    assert publisher.publish([Reading(ALICE.device_id, START + 600, 0.2)])

    assert [body["measurement_value"] for body in bodies()] == [0.2]


def test_waiting_keeps_the_connection_and_survives_its_loss(
    publisher: ReadingPublisher, line: Line, bodies: Callable[[], list[Any]]
) -> None:
    publisher.publish([Reading(ALICE.device_id, START, 0.1)])
    line.cut()
    publisher.idle(0.5)

    assert publisher.publish([Reading(ALICE.device_id, START + 600, 0.2)])
    assert len(bodies()) == 2


def test_told_to_stop_while_the_broker_is_away_it_leaves_and_says_so(
    publisher: ReadingPublisher, line: Line, stop: threading.Event
) -> None:
    line.cut(mended=False)
    threading.Timer(0.5, stop.set).start()

    assert not publisher.publish([Reading(ALICE.device_id, START, 0.1)])
    assert publisher.published == 0


def test_told_to_stop_a_back_fill_leaves_after_the_message_in_hand(
    publisher: ReadingPublisher, stop: threading.Event, arrived: Callable[[], list[Reading]]
) -> None:
    def stop_on_the_way(meter: Meter) -> Iterator[Reading]:
        for reading in readings_between([meter], START, START + 5_000 * 600):
            if reading.instant == START + 1_500 * 600:
                stop.set()
            yield reading

    assert not publisher.publish(stop_on_the_way(ALICE))

    assert len(arrived()) == publisher.published == 1_000


def test_a_back_fill_sends_every_reading_of_every_meter(
    publisher: ReadingPublisher, arrived: Callable[[], list[Reading]]
) -> None:
    assert backfill([ALICE, BOB], after=START, until=START + 86_400, publisher=publisher)

    assert sorted(arrived()) == sorted(readings_between([ALICE, BOB], START, START + 86_400))


@pytest.mark.parametrize("url", ["localhost:5673", "http://localhost", "amqp://meter:x@localhost:port/"])
def test_an_address_that_is_none_is_told(url: str, stop: threading.Event) -> None:
    with pytest.raises(SimulatorError, match=r"METER_AMQP_URL: .*amqp://USER:PASSWORD@HOST:PORT"):
        ReadingPublisher(url, stop)
