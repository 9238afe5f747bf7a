"""Dead letters in an operator's hands: `manage.py dlq` on real queues, with poison in them, killed in between."""

import os
import re
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from service_kit.consumer import EventConsumer
from service_kit.events import decode, encode
from service_kit.messaging import Publisher
from service_kit.tests import example
from service_kit.tests.conftest import Bench, until
from service_kit.tests.example import handlers
from service_kit.tests.example.events import ThingNamed
from service_kit.tests.example.models import Thing

pytestmark = pytest.mark.django_db(transaction=True)
Dlq = Callable[..., str]


def named(name: str, **fields: Any) -> bytes:
    return encode(ThingNamed(id=uuid.uuid4(), name=name, **fields), version=1)


@pytest.fixture
def consumer(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[EventConsumer]:
    """The example service's consumer, which its JOBS name."""
    made = EventConsumer(bench.queue, handlers.HANDLERS)
    monkeypatch.setattr(example, "jobs", lambda: {"sync_events": made})
    yield made
    made.close()


@pytest.fixture
def dlq(consumer: EventConsumer, capsys: pytest.CaptureFixture[str]) -> Dlq:
    """`dlq("show", queue)`: what the command prints; with `status=1` it has to end so."""

    def run(*arguments: str, status: int = 0) -> str:
        if status:
            with pytest.raises(SystemExit, match=f"^{status}$"):
                call_command("dlq", *arguments)
        else:
            call_command("dlq", *arguments)
        return capsys.readouterr().out

    return run


@pytest.fixture
def dead(bench: Bench, consumer: EventConsumer) -> str:
    """Three letters that came by the real way: broken, poison, and broken once more."""
    publisher = Publisher(bench.url)
    for body in (b"{", named("poison"), b"[]"):
        publisher.publish(body, routing_key="thing.named")
        waiting = bench.waiting(f"{bench.queue}.dlq")
        until(lambda waiting=waiting: bench.waiting(f"{bench.queue}.dlq") > waiting, step=consumer)  # type: ignore[misc]
    publisher.close()
    consumer.close()
    return f"{bench.queue}.dlq"


def heal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler's fault is mended."""
    monkeypatch.setitem(handlers.HANDLERS, ThingNamed, lambda event, _: Thing.objects.create(id=event.id, version=1))


def test_list_says_how_many_and_since_when(dlq: Dlq, dead: str) -> None:
    assert re.fullmatch(rf"{dead} +3  \d+ minutes? ago\n", dlq("list"))


def test_show_gives_the_reasons_and_takes_nothing(bench: Bench, dlq: Dlq, dead: str) -> None:
    shown = [dlq("show", dead), dlq("show", dead)]
    assert shown[0] == shown[1]
    lines = shown[0].splitlines()
    assert lines[0] == "1  {"
    assert "truncated" in lines[1]
    assert lines[3].startswith("2  thing.named ")
    assert lines[4].strip().startswith("its handler failed at every try; ")
    assert '"name":"poison"' in lines[5]
    assert lines[-1] == f"3 of 3 in {dead}."
    assert dlq("show", dead, "-n", "1").splitlines()[-1] == f"1 of 3 in {dead}."
    until(lambda: bench.waiting(dead) == 3, step=lambda: None)


def test_replay_applies_what_works_now_and_keeps_the_rest_with_the_reason(
    bench: Bench, dlq: Dlq, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "0 applied, 3 kept" in dlq("replay", dead, "--all", status=1)
    assert not Thing.objects.exists()
    heal(monkeypatch)
    said = dlq("replay", dead, "--all", status=1)
    assert Thing.objects.count() == 1
    assert "applied  2  thing.named" in said
    assert "kept     1  {\n         InvalidEvent: Input data was truncated" in said
    assert said.endswith(f"1 applied, 2 kept in {dead}.\n")
    until(lambda: bench.waiting(dead) == 2, step=lambda: None)
    assert bench.take(dead) == [b"{", b"[]"]


def test_one_letter_is_replayed_by_its_number_or_by_its_events_id(
    bench: Bench, dlq: Dlq, dead: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    heal(monkeypatch)
    again = named("kettle")
    publisher = Publisher(bench.url)
    publisher.publish(again, routing_key=dead, exchange="")
    publisher.close()
    assert "applied  4  thing.named" in dlq("replay", dead, str(decode(again).id))
    assert "applied  2  thing.named" in dlq("replay", dead, "2")
    assert Thing.objects.count() == 2


def test_a_letter_that_was_forged_is_not_applied_by_a_replay(
    bench: Bench, dlq: Dlq, dead: str, monkeypatch: Any
) -> None:
    heal(monkeypatch)
    bench.channel.basic_publish("", dead, named("forged"))
    assert "thing.named was sent by '(unknown)', but only 'admin' may" in dlq("replay", dead, "4", status=1)


def test_a_replay_that_is_killed_before_its_acknowledgement_leaves_the_letter(
    bench: Bench, dlq: Dlq, consumer: EventConsumer
) -> None:
    dead = f"{bench.queue}.dlq"
    publisher = Publisher(bench.url)
    publisher.publish(named("kettle"), routing_key=dead, exchange="")
    publisher.close()
    script = (
        "import django; django.setup()\n"
        "from django.core.management import call_command\nfrom service_kit.consumer import EventConsumer\n"
        "from service_kit.tests import example\nfrom service_kit.tests.example.handlers import HANDLERS\n"
        f"example.jobs = lambda: {{'sync_events': EventConsumer({bench.queue!r}, HANDLERS)}}\n"
        f"call_command('dlq', 'replay', {dead!r}, '--all')\n"
    )
    database = os.environ["DATABASE_URL"].rsplit("/", 1)[0] + "/" + connection.settings_dict["NAME"]
    killed = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "FAULT": "after_commit_before_ack", "DATABASE_URL": database, "BROKER_URL": bench.url},
        timeout=60,
    )
    assert killed.returncode == 137
    assert Thing.objects.get().name == "kettle"
    until(lambda: bench.waiting(dead) == 1, step=lambda: None)
    assert "1 applied, 0 kept" in dlq("replay", dead, "--all")
    assert Thing.objects.get().version == 1
    assert bench.waiting(dead) == 0


def test_discard_says_what_it_threw_away(bench: Bench, dlq: Dlq, dead: str) -> None:
    said = dlq("discard", dead, "1")
    assert said.startswith("discarded  1  {\n           Input data was truncated")
    assert said.endswith(f"1 discarded from {dead}.\n")
    assert "2 discarded" in dlq("discard", dead, "--all")
    assert bench.waiting(dead) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["discard", "DEAD"], "Name the letters to discard by number or id, or give --all."),
        (["replay", "DEAD", "1", "--all"], "Name the letters to replay by number or id, or give --all."),
        (["replay", "DEAD", "9"], "DEAD holds no letter 9. See: dlq show DEAD"),
        (["show", "user.sync.dlq"], "'user.sync.dlq' is none of this service's dead-letter queues: DEAD."),
    ],
)
def test_what_cannot_be_done_is_said(dlq: Dlq, dead: str, arguments: list[str], message: str) -> None:
    with pytest.raises(CommandError) as error:
        dlq(*[dead if word == "DEAD" else word for word in arguments])
    assert str(error.value) == message.replace("DEAD", dead)


def test_a_broker_that_does_not_answer_is_said(dlq: Dlq, settings: Any) -> None:
    settings.BROKER_URL = "amqp://nobody:nothing@127.0.0.1:1/ems"
    with pytest.raises(CommandError, match="The broker does not answer"):
        dlq("list")
