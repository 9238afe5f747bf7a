"""After a loss, owner and copies agree again: `resync` tells everything, `reconcile` what differs, and a healthy copy is left alone."""

import random
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from service_kit.consumer import EventConsumer
from service_kit.events import encode
from service_kit.jobs import Jobs
from service_kit.messaging import Publisher
from service_kit.models import OutboxEvent
from service_kit.outbox import publish_all
from service_kit.owned import CHUNK
from service_kit.reconcile import Answer, Asker, NoAnswer, Question, answer, compare, repair, tell_what_copies_lack
from service_kit.relay import RelayEvents
from service_kit.tests.conftest import Bench, until
from service_kit.tests.example import owned as example
from service_kit.tests.example.events import ThingDeleted, ThingNamed, ThingOfOthers
from service_kit.tests.example.handlers import COPIES, HANDLERS
from service_kit.tests.example.models import Original, Thing

pytestmark = pytest.mark.django_db(transaction=True)
PAUSE = threading.Event()


@pytest.fixture
def service(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The example service with its relay and its consumer running."""
    monkeypatch.setattr(example, "OWNED", (example.things(bench.queue),))
    consumer, relay = EventConsumer(bench.queue, HANDLERS, COPIES), RelayEvents()
    jobs = Jobs({"sync_events": consumer, "relay_events": relay})
    threads = [threading.Thread(target=jobs.loop, args=item) for item in jobs.units.items()]
    for thread in threads:
        thread.start()
    yield bench
    jobs.stop.set()
    for thread in threads:
        thread.join(20)
    consumer.close()
    assert jobs.died is None


def own(count: int) -> list[Original]:
    """Rows of the owner's, each with the copy that its events made."""
    rows = Original.objects.bulk_create(Original(name=f"thing {n}", version=n % 5 + 1) for n in range(count))
    Thing.objects.bulk_create(Thing(id=row.id, name=row.name, version=row.version) for row in rows)
    return rows


def agrees() -> bool:
    ours = set(Original.objects.filter(is_told=True).values_list("id", "name", "version"))
    return ours == set(Thing.live.values_list("id", "name", "version"))


def eventually(condition: Callable[[], bool]) -> None:
    until(condition, step=lambda: PAUSE.wait(0.05))


def reconcile(*arguments: str) -> int:
    """The command's exit status."""
    try:
        call_command("reconcile", *arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_wiped_copy_is_filled_by_resync(service: Bench, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    """Given more rows than one transaction tells."""
    monkeypatch.setattr("service_kit.owned.CHUNK", 10)
    own(23)
    Thing.objects.all().delete()
    call_command("resync")
    assert capsys.readouterr().out == "Told: 23 thing(s).\n"
    eventually(agrees)


def test_resync_takes_few_statements_whatever_it_tells(django_assert_num_queries: Any) -> None:
    own(CHUNK)
    with django_assert_num_queries(
        6
    ):  # keys, then one lot (begin, lock and read, outbox, commit), and that there is no more
        assert example.things().resync(None) == CHUNK


def test_one_row_can_be_told_alone(capsys: Any, published: Callable[[], list[Any]]) -> None:
    row, _ = own(2)
    call_command("resync", "thing", "--id", str(row.id))
    assert [(e.event, e.version) for e in published()] == [(ThingNamed(id=row.id, name=row.name), row.version)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["kettle"], "'kettle' is not owned by this service. It owns: thing."),
        (["--id", "seven"], "thing: “seven” is not a valid UUID."),
        (["--start", "2026-01-31T00:00:00Z"], "thing: Only hours have a time: leave out --start and --end."),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError) as error:
        call_command("resync", *arguments)
    assert str(error.value) == message


def test_told_twice_and_shuffled_the_copy_ends_the_same(service: Bench) -> None:
    rows = own(40)
    stale = [encode(ThingNamed(id=row.id, name="stale"), version=row.version - 1) for row in rows]
    fresh = [encode(example.state(row), version=row.version) for row in rows]
    Thing.objects.all().delete()
    messages = [*stale, *fresh, *stale, *fresh]
    random.Random(7).shuffle(messages)
    publisher = Publisher(service.url)
    for body in messages:
        publisher.publish(body, routing_key="thing.named")
    eventually(agrees)


def test_a_healthy_copy_is_left_alone(service: Bench, capsys: Any) -> None:
    own(300)
    Thing.objects.create(id=uuid.uuid4(), version=9, deleted_at="2026-01-31T00:00:00Z")
    assert reconcile() == reconcile("--dry-run") == 0
    assert capsys.readouterr().out == f"thing, {service.queue}: agrees.\n" * 2
    assert not OutboxEvent.objects.exists()


def test_what_is_missing_older_ahead_or_left_over_is_mended_and_nothing_else_is_told(
    service: Bench, capsys: Any, published: Callable[[], list[Any]]
) -> None:
    rows = own(300)
    missing, older, ahead, dead = rows[:4]
    Thing.objects.filter(pk=missing.pk).delete()
    Thing.objects.filter(pk=older.pk).update(version=older.version - 1, name="as it was")
    Thing.objects.filter(pk=ahead.pk).update(version=70, name="of a future that a restored backup forgot")
    Thing.objects.filter(pk=dead.pk).update(version=80, name="", deleted_at="2026-01-31T00:00:00Z")
    left_over = Thing.objects.create(id=uuid.uuid4(), name="left over", version=5)
    sentence = f"thing, {service.queue}: 1 missing there, 1 older there, 2 ahead of ours, 1 left over there.\n"

    assert reconcile("--dry-run") == 1
    assert capsys.readouterr().out == sentence
    assert not OutboxEvent.objects.exists()

    assert reconcile() == 0
    assert capsys.readouterr().out == sentence + "Told anew: 5.\n"
    eventually(agrees)
    told = {(e.event.type, e.event.id): e.version for e in published()}
    assert told == {
        ("thing.named", missing.id): missing.version,
        ("thing.named", older.id): older.version,
        ("thing.named", ahead.id): 71,
        ("thing.named", dead.id): 81,
        ("thing.deleted", left_over.id): 6,
    }
    assert reconcile("--dry-run") == 0


def test_an_owner_that_has_lost_its_rows_does_not_end_everybodys_copies_unasked(service: Bench, capsys: Any) -> None:
    """Given a database that came up empty: its copies are the last that know anything."""
    own(30)
    Original.objects.all().delete()

    assert reconcile() == 1
    assert (
        f"{service.queue} keeps what is left over: 30 thing(s) are more than there are here." in capsys.readouterr().out
    )
    assert tell_what_copies_lack() == 0
    assert not OutboxEvent.objects.exists()

    assert reconcile("--end-many") == 0
    eventually(lambda: not Thing.live.exists())


def test_the_daily_job_tells_what_a_copy_lacks_and_ends_nothing(service: Bench) -> None:
    rows = own(5)
    Thing.objects.filter(pk=rows[0].pk).delete()
    left_over = Thing.objects.create(id=uuid.uuid4(), name="left over", version=5)
    assert tell_what_copies_lack() == 1
    eventually(lambda: Thing.live.filter(pk=rows[0].pk).exists())
    assert Thing.live.filter(pk=left_over.pk).exists()
    assert OutboxEvent.objects.count() == 1


def test_a_row_that_nobody_was_told_of_yet_is_not_taken_for_left_over(service: Bench) -> None:
    """Given a registration under way: a participant knows the user already, its owner has told nobody."""
    pending = Original.objects.create(name="pending", is_told=False)
    Thing.objects.create(id=pending.id, name="pending", version=0)
    assert reconcile() == 0
    assert not OutboxEvent.objects.exists()


def test_what_waits_in_outbox_or_queue_is_not_taken_for_lost(service: Bench) -> None:
    """Given rows whose events were committed just now, the question stands behind them in the queue."""
    for _ in range(5):
        row = own(1)[0]
        Thing.objects.filter(pk=row.pk).delete()
        with transaction.atomic():
            publish_all([(example.state(row), row.version)])
        with Asker(within=20) as asker:
            assert compare(asker, example.things(service.queue), service.queue).agrees


def test_a_row_that_changes_between_comparing_and_mending_ends_with_its_newest_state(service: Bench) -> None:
    row = own(1)[0]
    Thing.objects.all().delete()
    with Asker(within=20) as asker:
        finding = compare(asker, example.things(service.queue), service.queue)
    Original.objects.filter(pk=row.pk).update(name="renamed", version=row.version + 1)
    repair(finding, end_many=False)
    eventually(agrees)


def test_what_was_left_over_and_is_here_when_it_comes_to_mending_stays() -> None:
    row = own(1)[0]
    assert example.things().forget({str(row.id): row.version}) == 0
    assert not OutboxEvent.objects.exists()


def test_a_late_event_of_a_forgotten_deletion_is_undone_by_the_next_comparison(service: Bench) -> None:
    """Given a tombstone that was purged: the old event makes the row live again, though its owner has it no more."""
    publisher = Publisher(service.url)
    publisher.publish(encode(ThingNamed(id=uuid.uuid4(), name="revenant"), version=1), routing_key="thing.named")
    eventually(Thing.live.exists)
    assert reconcile() == 0
    eventually(lambda: not Thing.live.exists())


def test_a_copy_that_does_not_answer_is_named_and_the_command_fails(
    bench: Bench, monkeypatch: Any, capsys: Any
) -> None:
    monkeypatch.setattr(example, "OWNED", (example.things(bench.queue, "no.such.queue"),))
    own(1)
    assert reconcile("--wait", "0.3") == 1
    out = capsys.readouterr().out
    assert f"{bench.queue} gave no answer in 0.3 s. Does its consumer run" in out
    assert "There is no queue no.such.queue." in out


def test_with_the_relay_away_nothing_is_compared(bench: Bench) -> None:
    with transaction.atomic():
        publish_all([(ThingNamed(id=uuid.uuid4(), name="waits"), 1)])
    with Asker(within=0.3) as asker, pytest.raises(NoAnswer, match=r"1 event\(s\) still wait in the outbox"):
        compare(asker, example.things(bench.queue), bench.queue)


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        (b"{", "not a question"),
        (msgspec.json.encode(Question("thing.unheard")), "no copies of thing.unheard are kept here"),
        (msgspec.json.encode(Question(ThingDeleted.type)), "no copies of thing.deleted are kept here"),
        (
            msgspec.json.encode(Question(ThingOfOthers.type)),
            "thing.theirs is somebody-else's, not admin's to ask about",
        ),
    ],
)
def test_a_question_that_is_not_to_be_answered_is_refused_and_held_up_nobody(
    service: Bench, question: bytes, refusal: str
) -> None:
    said = msgspec.json.decode(
        answer(question, {**COPIES, ThingOfOthers: COPIES[ThingNamed]}, asker="admin"), type=Answer
    )
    assert said.refusal is not None
    assert said.refusal.startswith(refusal)
    with Asker(within=20) as asker, pytest.raises(NoAnswer):
        asker.ask(service.queue, msgspec.json.decode(question, type=Question) if question != b"{" else Question("{"))
    with Asker(within=20) as asker:
        assert asker.ask(service.queue, Question(ThingNamed.type)).digests == {}
    assert service.waiting(f"{service.queue}.dlq") == 0
