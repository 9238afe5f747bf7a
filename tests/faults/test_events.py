"""Events come twice, in the wrong order, broken, or to somebody who cannot take them."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faults.conftest import People
from tests.faults.system import System
from tests.journeys.client import wait_for

SYNC = ("monitoring.sync", "forecast.sync")


def a_device(system: System, **changed: Any) -> dict[str, Any]:
    body = {
        "name": "Kettle",
        "kind": "consumption",
        "reading": "interval_kwh",
        "interval_seconds": 600,
        "max_consumption": 10,
        **changed,
    }
    device: dict[str, Any] = system.admin.post("/api/devices", body, expect=201)
    return device


def assign(system: System, device: dict[str, Any], user: dict[str, Any]) -> None:
    system.admin.post("/api/mappings/assign", {"device_id": device["id"], "user_id": user["id"]}, expect=201)


def dead(system: System, queue: str) -> int:
    with system.channel() as channel:
        return int(channel.queue_declare(queue, passive=True).method.message_count)


@contextmanager
def backwards(system: System, owner: str, service: str) -> Iterator[None]:
    """What `owner` tells in the block reaches the service in the reverse order."""
    before = len(system.outbox(owner))
    queue = f"{service}.sync"
    with system.without(f"{service}-jobs"):
        yield
        wait_for(
            f"{owner} has told all of it",
            lambda: not system.sql(owner, "SELECT 1 FROM service_kit_outboxevent WHERE published_at IS NULL"),
        )
        with system.channel() as channel:
            channel.queue_purge(queue)
        system.publish(*reversed(system.outbox(owner)[before:]), to=queue)


@pytest.mark.fault("every event of the past again, three times, shuffled", "nothing changes")
def test_the_past_again_three_times_shuffled(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice, bob = people.register(), people.register("Bob")
    device = a_device(system)
    assign(system, device, alice)
    system.admin.patch(f"/api/auth/users/{alice['id']}", {"last_name": "Verdi", "email": f"{alice['id']}@example.org"})
    system.admin.delete(f"/api/auth/users/{bob['id']}")
    agreed()
    events = [event for service in ("auth", "user", "device") for event in system.outbox(service)][-60:] * 3
    random.Random(7).shuffle(events)
    system.publish(*events)
    agreed()
    system.admin.get(f"/api/auth/users/{bob['id']}", expect=404)


@pytest.mark.fault("a user's deletion arrives before its creation", "the user stays deleted")
def test_deleted_before_created(system: System, people: People, agreed: Callable[..., None]) -> None:
    with backwards(system, "auth", "monitoring"):
        alice = people.register()
        system.admin.delete(f"/api/auth/users/{alice['id']}")
    agreed()
    assert system.sql("monitoring", "SELECT deleted_at IS NOT NULL FROM people_user WHERE id = %s", alice["id"]) == [
        (True,)
    ]


@pytest.mark.fault("an assignment arrives before its device", "the newest state stays, assignment and all")
def test_assigned_before_created(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.register()
    agreed()
    with backwards(system, "device", "monitoring"):
        device = a_device(system)
        assign(system, device, alice)
    agreed()
    assert system.sql("monitoring", "SELECT 1 FROM devices_assignment WHERE device_id = %s", device["id"])


@pytest.mark.fault(
    "messages that are no events, or not by their owner", "each ends in the dead-letter queue, its neighbours arrive"
)
def test_poison(system: System, people: People, agreed: Callable[..., None]) -> None:
    people.register()
    _, _, good = system.outbox("auth")[-1]
    for body in (b"", b"{", good.replace(b'"username"', b'"nickname"'), good.replace(b'"client"', b'"king"')):
        system.publish(("auth", "user.created", body), to="monitoring.sync")
    system.publish(("user", "user.created", good), to="monitoring.sync")
    people.register("Bob")
    agreed(dead_letters={"monitoring.sync.dlq": 5})
    with system.channel() as channel:
        channel.queue_purge("monitoring.sync.dlq")


@pytest.mark.fault(
    "a handler that always fails on one event",
    "after its tries it is a dead letter, the others arrive; `dlq replay` takes it in once the cause is gone",
)
def test_a_handler_that_always_fails(system: System, people: People, agreed: Callable[..., None]) -> None:
    agreed()
    system.sql(
        "monitoring",
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$;"
        "CREATE TRIGGER refuse BEFORE INSERT ON people_user FOR EACH ROW WHEN (NEW.username LIKE 'poison-%')"
        " EXECUTE FUNCTION refuse()",
    )
    try:
        poison = people.register("Poison")
        people.register("Bob")
        wait_for("it is a dead letter", lambda: dead(system, "monitoring.sync.dlq") == 1, within=90)
    finally:
        system.sql("monitoring", "DROP TRIGGER refuse ON people_user; DROP FUNCTION refuse()")
    assert poison["id"] in system.run("monitoring", "dlq", "show", "monitoring.sync.dlq")
    system.run("monitoring", "dlq", "replay", "monitoring.sync.dlq", "--all")
    agreed()
