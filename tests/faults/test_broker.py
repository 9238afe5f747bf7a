"""The broker is away, stands still, forgets, or cuts everybody off."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import People
from tests.faults.system import System
from tests.journeys.client import wait_for


def unsent(system: System) -> int:
    return int(system.sql("auth", "SELECT count(*) FROM service_kit_outboxevent WHERE published_at IS NULL")[0][0])


@pytest.mark.full
@pytest.mark.fault("the broker down", "people register as ever; what there is to tell waits in the outbox")
def test_the_broker_is_down(system: System, people: People, agreed: Callable[..., None]) -> None:
    with system.without("rabbitmq"):
        people.register()
        system.outage()
        people.register()
        assert unsent(system) >= 2
    agreed()


@pytest.mark.fault("the broker frozen", "as above; no request hangs")
def test_the_broker_is_frozen(system: System, people: People, agreed: Callable[..., None]) -> None:
    system.freeze("rabbitmq")
    people.register()
    system.outage()
    people.register()
    system.thaw()
    agreed()


@pytest.mark.fault(
    "every connection to the broker reset, again and again, while people register",
    "each event arrives, if need be twice",
)
def test_the_broker_cuts_everybody_off(system: System, people: People, agreed: Callable[..., None]) -> None:
    with ThreadPoolExecutor(1) as beside:
        registering = beside.submit(lambda: [people.register() for _ in range(6)])
        cuts = 0
        while not registering.done():
            cuts += system.broker_proxy.cut()
            system.pause()
        registering.result()
    assert cuts > 0
    agreed()


@pytest.mark.full
@pytest.mark.fault("the broker killed with -9", "what it confirmed is still there")
def test_the_broker_is_killed(system: System, people: People, agreed: Callable[..., None]) -> None:
    with system.without("monitoring-jobs"):
        people.register()
        wait_for("the events are with the broker", lambda: unsent(system) == 0)
        system.kill("rabbitmq")
        people.register()
        system.wait_healthy()
    agreed()


@pytest.mark.fault(
    "the broker wiped with messages in its queues", "`reconcile` finds what the copies lack and has it told anew"
)
def test_the_broker_is_wiped(system: System, people: People, agreed: Callable[..., None]) -> None:
    bob = people.register("Bob")
    with system.without("monitoring-jobs"):
        alice = people.register()
        system.admin.patch(f"/api/auth/users/{bob['id']}", {"last_name": "Verdi"})
        wait_for("the events are with the broker", lambda: unsent(system) == 0)
        system.wipe_broker()
        system.wait_healthy()
    known = system.sql("monitoring", "SELECT 1 FROM people_user WHERE id = %s", alice["id"])
    assert not known
    for owner in ("auth", "user"):
        system.run(owner, "reconcile")
    agreed()


@pytest.mark.fault("no queue takes an event", "it and those after it wait in the outbox; nothing is dropped")
def test_an_event_that_no_queue_takes(system: System, people: People, agreed: Callable[..., None]) -> None:
    queues = [f"{service}.sync" for service in ("user", "device", "monitoring", "forecast")]
    with system.channel() as channel:
        for queue in queues:
            channel.queue_unbind(queue, "ems.events", "user.*")
        try:
            people.register()
            system.pause()
            assert unsent(system) > 0
        finally:
            for queue in queues:
                channel.queue_bind(queue, "ems.events", "user.*")
    agreed()
