"""An event leaves when its change is committed, once, in order; nothing is dropped that the broker has not confirmed."""

import socket
import threading
import uuid

import pytest
from django.db import connection, transaction
from pika.exceptions import AMQPError, UnroutableError

from service_kit.consumer import apply
from service_kit.events import Envelope, decode, encode
from service_kit.messaging import Publisher
from service_kit.models import OutboxEvent
from service_kit.outbox import forget, publish
from service_kit.relay import only_one, relay_once
from service_kit.tests.conftest import Bench, until
from service_kit.tests.example.events import ThingNamed, ThingState

pytestmark = pytest.mark.django_db(transaction=True)


def thing(name: str) -> ThingState:
    return ThingNamed(id=uuid.uuid4(), name=name)


def put(*names: str) -> None:
    with transaction.atomic():
        for name in names:
            publish(thing(name), version=1)


def names(bodies: list[bytes]) -> list[str]:
    return [decode(body).event.name for body in bodies]  # type: ignore[attr-defined]


def test_an_event_outside_a_transaction_is_refused() -> None:
    with pytest.raises(
        transaction.TransactionManagementError,
        match=r"thing\.named must be published inside",
    ):
        publish(thing("kettle"), version=1)


def test_an_event_of_a_change_that_was_rolled_back_never_was() -> None:
    with transaction.atomic():
        publish(thing("kettle"), version=1)
        transaction.set_rollback(True)
    assert not OutboxEvent.objects.exists()


def test_what_a_handler_publishes_belongs_to_the_request_that_the_event_began_with() -> None:
    def answers(event: ThingNamed, envelope: Envelope) -> None:
        publish(thing("answer"), version=1)

    question = encode(ThingNamed(id=uuid.uuid4(), name="question"), version=1, correlation_id="from-the-gateway")
    apply(question, {ThingNamed: answers})
    assert decode(bytes(OutboxEvent.objects.get().body)).correlation_id == "from-the-gateway"


def test_the_relay_sends_in_order_and_once(bench: Bench) -> None:
    put("a", "b", "c")
    publisher = Publisher(bench.url)
    assert relay_once(publisher) == 3
    assert relay_once(publisher) == 0
    assert names(bench.take(bench.seen)) == ["a", "b", "c"]
    assert not OutboxEvent.objects.filter(published_at=None).exists()


def test_a_row_that_commits_late_is_not_left_behind(bench: Bench) -> None:
    """Given a transaction that took its id early and commits after a later row was sent."""
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            publish(thing("slow"), version=1)
            written.set()
            may_commit.wait(60)
        connection.close()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(60)
    put("quick")
    publisher = Publisher(bench.url)
    assert relay_once(publisher) == 1
    may_commit.set()
    thread.join()
    assert relay_once(publisher) == 1
    assert names(bench.take(bench.seen)) == ["quick", "slow"]


def test_a_second_relay_waits_its_turn(bench: Bench) -> None:
    put("a")
    held, done = threading.Event(), threading.Event()

    def first() -> None:
        with only_one() as mine:
            assert mine
            held.set()
            done.wait(60)
        connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert held.wait(60)
    assert relay_once(Publisher(bench.url)) == 0
    done.set()
    thread.join()
    assert relay_once(Publisher(bench.url)) == 1


def test_an_event_that_no_queue_takes_stops_the_relay_and_stays(bench: Bench) -> None:
    put("a")
    for queue in (bench.queue, bench.seen):
        bench.channel.queue_unbind(queue, "ems.events", "thing.*")
    with pytest.raises(UnroutableError):
        relay_once(Publisher(bench.url))
    assert OutboxEvent.objects.filter(published_at=None).count() == 1
    bench.channel.queue_bind(bench.queue, "ems.events", "thing.*")
    assert relay_once(Publisher(bench.url)) == 1


def test_with_the_broker_away_everything_stays(bench: Bench) -> None:
    put("a", "b")
    with pytest.raises(AMQPError):
        relay_once(Publisher("amqp://nobody:nothing@127.0.0.1:1/ems"))
    assert OutboxEvent.objects.filter(published_at=None).count() == 2


def test_an_idle_publisher_whose_connection_was_cut_still_publishes(
    bench: Bench,
) -> None:
    publisher = Publisher(bench.url)
    put("before")
    relay_once(publisher)
    publisher._channel.connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]
    put("after")
    assert relay_once(publisher) == 1
    assert names(bench.take(bench.seen)) == ["before", "after"]


def test_a_publisher_with_nothing_to_publish_answers_the_broker(bench: Bench) -> None:
    publisher, pause = Publisher(f"{bench.url}?heartbeat=4"), threading.Event()
    put("before")
    relay_once(publisher)
    assert publisher._channel is not None
    connection = publisher._channel.connection
    checker = connection._impl._heartbeat_checker

    def attended() -> None:
        relay_once(publisher)
        pause.wait(0.05)

    until(lambda: checker._heartbeat_frames_sent > 0, step=attended)
    connection._impl._transport._sock.shutdown(socket.SHUT_RDWR)
    until(lambda: publisher._channel is None, step=attended)
    put("after")
    assert relay_once(publisher) == 1
    publisher.close()
    assert names(bench.take(bench.seen)) == ["before", "after"]


def test_of_a_subject_that_is_gone_nothing_is_kept_sent_or_not(bench: Bench) -> None:
    gone, other = thing("gone"), thing(f"speaks of {uuid.uuid4()}")
    with transaction.atomic():
        publish(gone, version=1)
        publish(other, version=1)
    relay_once(Publisher(bench.url))
    with transaction.atomic():
        publish(gone, version=2)
        assert forget(subject=uuid.UUID(gone.subject)) == 2
    assert names([bytes(row.body) for row in OutboxEvent.objects.all()]) == [other.name]


def test_a_publisher_that_was_idle_until_the_broker_hung_up_still_publishes(bench: Bench) -> None:
    """Given heartbeats of a second instead of thirty, which an idle publisher does not answer."""
    name, ended = f"idle {uuid.uuid4()}", threading.Event()
    publisher = Publisher(f"{bench.url}?heartbeat=1", name=name)
    publisher.publish(encode(thing("before"), version=1), routing_key="thing.named")
    assert publisher._channel is not None
    line = publisher._channel.connection._impl._transport._sock  # what the broker closes, seen from below the library

    def hung_up() -> bool:
        try:
            # Heartbeats of the broker wait to be read; behind them comes the end.
            while received := line.recv(4096, socket.MSG_DONTWAIT):
                assert received
            return True
        except BlockingIOError:
            return False
        except ConnectionError:
            return True

    until(hung_up, step=lambda: ended.wait(0.2), seconds=60)
    publisher.publish(encode(thing("after"), version=1), routing_key="thing.named")
    publisher.close()
    assert names(bench.take(bench.seen)) == ["before", "after"]
