"""Validate, apply, commit, acknowledge. A bad message ends in the dead-letter queue and its neighbours arrive."""

import os
import subprocess
import sys
import threading
import uuid

import pytest
from django.db import connection
from django.db.models import F
from pika.exceptions import AMQPError

from service_kit.consumer import EventConsumer, apply
from service_kit.events import Envelope, encode
from service_kit.messaging import Publisher
from service_kit.tests.conftest import Bench, until
from service_kit.tests.example.events import ThingDeleted, ThingNamed, ThingOfOthers
from service_kit.tests.example.handlers import HANDLERS
from service_kit.tests.example.models import Thing

pytestmark = pytest.mark.django_db(transaction=True)


def send(bench: Bench, *bodies: bytes, routing_key: str = "thing.named") -> None:
    publisher = Publisher(bench.url)
    for body in bodies:
        publisher.publish(body, routing_key=routing_key)
    publisher.close()


def named(name: str, *, version: int = 1, id: uuid.UUID | None = None) -> bytes:
    return encode(ThingNamed(id=id or uuid.uuid4(), name=name), version=version)


def test_an_event_is_applied_and_acknowledged(bench: Bench) -> None:
    send(bench, named("kettle"))
    consumer = EventConsumer(bench.queue, HANDLERS)
    until(lambda: Thing.objects.filter(name="kettle").exists(), step=consumer)
    consumer.close()
    assert bench.waiting(bench.queue) == 0


@pytest.mark.parametrize(
    "broken",
    [b"", b"{", b"[]", b"\xff\xfe", b'{"specversion":"1.0"}', named("x").replace(b"thing.named", b"thing.unheard"),
     named("x").replace(b'"name":"x"', b'"name":7'), encode(ThingOfOthers(id=uuid.uuid4(), name="forged"), version=1)],
    ids=["empty", "cut", "list", "not-utf-8", "no-fields", "unknown-type", "wrong-field-type", "not-its-owner"],
)  # fmt: skip
def test_a_bad_message_goes_to_the_dead_letters_and_its_neighbours_arrive(bench: Bench, broken: bytes) -> None:
    send(bench, named("before"), broken, named("after"))
    consumer = EventConsumer(bench.queue, HANDLERS)
    until(
        lambda: Thing.objects.count() == 2 and bench.waiting(f"{bench.queue}.dlq") == 1,
        step=consumer,
    )
    consumer.close()
    assert bench.take(f"{bench.queue}.dlq") == [broken]
    assert bench.waiting(bench.queue) == 0


def test_a_handler_that_always_raises_gives_up_after_the_limit_and_the_rest_arrives(
    bench: Bench,
) -> None:
    send(bench, named("poison"), named("kettle"))
    consumer = EventConsumer(bench.queue, HANDLERS)
    until(
        lambda: Thing.objects.exists() and bench.waiting(f"{bench.queue}.dlq") == 1,
        step=consumer,
        seconds=30,
    )
    consumer.close()
    assert list(Thing.objects.values_list("name", flat=True)) == ["kettle"]


def test_killed_between_commit_and_acknowledgement_the_event_comes_again_and_changes_nothing(
    bench: Bench,
) -> None:
    thing = uuid.uuid4()
    send(bench, named("kettle", id=thing))
    script = (
        "import django; django.setup()\n"
        "from service_kit.consumer import EventConsumer\nfrom service_kit.tests.example.handlers import HANDLERS\n"
        f"consumer = EventConsumer({bench.queue!r}, HANDLERS)\n"
        "while True: consumer()\n"
    )
    database = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    killed = subprocess.run(
        [sys.executable, "-c", script],
        env={
            **os.environ,
            "FAULT": "after_commit_before_ack",
            "DATABASE_URL": database,
            "BROKER_URL": bench.url,
        },
        timeout=60,
    )
    assert killed.returncode == 137
    assert Thing.objects.get().name == "kettle"
    consumer = EventConsumer(bench.queue, HANDLERS)
    until(lambda: consumer() == 1, step=lambda: None)
    consumer.close()
    assert bench.waiting(bench.queue) == 0
    assert Thing.objects.get().version == 1


def test_a_delete_that_overtakes_its_creation_stays_deleted(bench: Bench) -> None:
    thing = uuid.uuid4()
    send(bench, encode(ThingDeleted(id=thing), version=2), routing_key="thing.deleted")
    send(
        bench,
        named("kettle", id=thing, version=1),
        named("kettle", id=thing, version=1),
    )
    consumer = EventConsumer(bench.queue, HANDLERS)
    handled = 0

    def step() -> None:
        nonlocal handled
        handled += consumer()

    until(lambda: handled == 3, step=step)
    consumer.close()
    assert not Thing.live.exists()
    assert Thing.objects.get().version == 2


def test_a_deadlock_is_tried_again_in_process() -> None:
    """Given two transactions that lock the same two rows crosswise: PostgreSQL ends one, and it simply runs again."""
    first, second = uuid.uuid4(), uuid.uuid4()
    for thing in (first, second):
        Thing.objects.create(id=thing, name="before", version=0)
    meet, results = threading.Barrier(2), []

    def run(rows: list[uuid.UUID]) -> None:
        tries = 0

        def lock_both(event: ThingNamed, envelope: Envelope) -> None:
            nonlocal tries
            tries += 1
            Thing.objects.select_for_update().get(pk=rows[0])
            if tries == 1:
                meet.wait(60)
            Thing.objects.filter(pk=rows[1]).update(name="after", version=F("version") + 1)

        apply(named("x"), {ThingNamed: lock_both})
        results.append(tries)
        connection.close()

    threads = [threading.Thread(target=run, args=(rows,)) for rows in ([first, second], [second, first])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert sorted(results) == [1, 2]
    assert set(Thing.objects.values_list("name", "version")) == {("after", 1)}


def test_with_the_database_away_the_message_is_held_and_its_tries_are_not_used_up(bench: Bench) -> None:
    """Given a server that ends our sessions, more often than the delivery limit allows tries."""
    send(bench, named("kettle"))
    cut = 0

    def cut_off_at_first(event: ThingNamed, envelope: Envelope) -> None:
        nonlocal cut
        if cut < 4:
            cut += 1
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        HANDLERS[ThingNamed](event, envelope)

    consumer = EventConsumer(bench.queue, {ThingNamed: cut_off_at_first})
    until(lambda: Thing.objects.filter(name="kettle").exists(), step=consumer)
    consumer.close()
    assert (cut, bench.waiting(bench.queue), bench.waiting(f"{bench.queue}.dlq")) == (4, 0, 0)


def test_a_queue_that_was_dropped_and_made_again_is_consumed_again(bench: Bench) -> None:
    consumer = EventConsumer(bench.queue, HANDLERS)
    consumer()
    bench.channel.queue_delete(bench.queue)
    with pytest.raises(AMQPError):
        until(lambda: False, step=consumer)
    bench.declare()
    send(bench, named("kettle"))
    until(lambda: Thing.objects.filter(name="kettle").exists(), step=consumer)
    consumer.close()
