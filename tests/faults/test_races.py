"""Two at once, and one that stood still."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.conftest import People
from tests.faults.system import SHIFTED_CLOCK, System
from tests.faults.test_participants import MAKE
from tests.journeys.client import wait_for


def told(system: System, service: str = "auth") -> Counter[tuple[str, str]]:
    """(subject, type) -> how many events of it the service ever had to tell."""
    return Counter((json.loads(body)["subject"], type_) for _, type_, body in system.outbox(service))


@pytest.mark.fault("the same username eight times at once", "one account; the others are told that the name is taken")
def test_the_same_name_at_once(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with ThreadPoolExecutor(8) as all_at_once:
        answers = list(all_at_once.map(lambda form: people.ended(people.ask(form)), [alice] * 8))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 7
    agreed()


@pytest.mark.fault("a change and a deletion of one user at once", "one of them wins, the other is told 404 or 409")
def test_a_change_against_a_deletion(system: System, people: People, agreed: Callable[..., None]) -> None:
    deletions = {}
    for _ in range(3):
        path = f"/api/auth/users/{people.register()['id']}"
        with ThreadPoolExecutor(2) as both:
            change = both.submit(system.admin.http.patch, path, json={"last_name": "Verdi"})
            deletion = both.submit(system.admin.http.delete, path)
        assert change.result().status_code in (200, 202, 404, 409)
        deletions[path] = deletion.result().status_code
        assert deletions[path] in (202, 204, 409)
    agreed()
    for path, answer in deletions.items():
        assert system.admin.http.get(path).status_code == (200 if answer == 409 else 404)


@pytest.mark.fault(
    "two processes that run sagas and relay events", "each saga is driven by one, each event is sent once and in order"
)
def test_two_runners_and_two_relays(system: System, people: People, agreed: Callable[..., None]) -> None:
    with system.channel() as channel, system.another("auth-jobs"):
        seen = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(seen, "ems.events", "user.*")
        with system.device_proxy.refuses(MAKE, 503, times=24):
            with ThreadPoolExecutor(6) as several:
                begun = list(several.map(people.ask, [people.form() for _ in range(8)]))
            assert {answer.status_code for answer in begun} <= {201, 202}
            assert {people.ended(answer).status_code for answer in begun} <= {201, 409}
        agreed()
        got = []
        while (message := channel.basic_get(seen, auto_ack=True))[0] is not None:
            got.append(json.loads(message[2])["id"])
    assert len(got) == len(set(got))
    assert {count for (_, type_), count in told(system).items() if type_ == "user.created"} == {1}
    sent = [json.loads(body)["id"] for _, _, body in system.outbox("auth")]
    assert got == [id_ for id_ in sent if id_ in set(got)]


@pytest.mark.fault(
    "the process that holds a saga's lease stopped past it, then goes on",
    "another has finished it meanwhile; the first changes nothing any more",
)
def test_a_lease_holder_stands_still(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with ThreadPoolExecutor(1) as beside, system.device_proxy.holds(MAKE, times=1) as held:
        answer = beside.submit(people.ask, alice)
        assert held.met.wait(30)
        system.freeze("auth-web")
        wait_for(
            "another process has finished it",
            lambda: system.sql("auth", "SELECT 1 FROM accounts_account WHERE state = 'active' AND username = %s", alice["username"]),
            within=system.times.lease + 60,
        )  # fmt: skip
        system.thaw()
        assert people.ended(answer.result()).status_code == 201
    assert system.device_proxy.deliver(held) == [200]
    agreed()
    assert {count for (_, type_), count in told(system).items() if type_ == "user.created"} == {1}


@pytest.mark.parametrize(
    "off",
    [
        pytest.param(off, marks=pytest.mark.fault(f"the clock of the process that runs sagas {what}", "it drives them as any other: the database's clock decides"))
        for off, what in {7200: "two hours ahead", -7200: "two hours behind"}.items()
    ],
)  # fmt: skip
def test_a_clock_is_off(system: System, people: People, agreed: Callable[..., None], off: int) -> None:
    python_path = f"{SHIFTED_CLOCK}:{system.stack.environment('auth-jobs')['PYTHONPATH']}"
    alice = people.form()
    with system.without("auth-jobs"), system.another("auth-jobs", CLOCK_OFF_SECONDS=str(off), PYTHONPATH=python_path):
        system.arm("auth", "saga_before_devices")
        assert people.ask(alice).status_code in (202, 500, 502, 503)
        agreed()
    assert people.can_sign_in(alice)
