"""A service that takes part refuses, is silent, is away, or hears late."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import People
from tests.faults.system import System
from tests.journeys.client import wait_for

MAKE, UNDO = b"POST /internal/users", b"DELETE /internal/users/"
UNDO_PROFILE = b"DELETE /api/users/"


def nobody(system: System, form: dict[str, str]) -> bool:
    return not system.sql("auth", "SELECT 1 FROM accounts_account WHERE username = %s", form["username"])


@pytest.mark.fault(
    "a participant answers 422", "422 with its reason; undone everywhere; the same name registers again at once"
)
def test_refused_by_a_participant(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with system.device_proxy.refuses(MAKE, 422):
        answer = people.ended(people.ask(alice))
    assert (answer.status_code, answer.json()["reason"]) == (422, {"detail": "not now"})
    assert people.may_register(alice)
    agreed()


@pytest.mark.fault("the reply of a participant is lost", "the step is asked for again, done once")
def test_a_reply_is_lost(system: System, people: People, agreed: Callable[..., None]) -> None:
    with system.user_proxy.loses_reply(b"POST /api/users") as first, system.device_proxy.loses_reply(MAKE) as second:
        people.register()
    assert (first.count, second.count) == (1, 1)
    agreed()


@pytest.mark.fault(
    "a participant down past the deadline",
    "202 with an address that tells the end: 409; undone; the same name registers again at once",
)
def test_a_participant_is_down(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with system.without("device-web"):
        begun = people.ask(alice)
        assert begun.status_code == 202
        assert not people.can_sign_in(alice)
        system.deadline_passes()
        # Its undo needs the participant too: only its return ends the saga.
        wait_for(
            "the saga turns back",
            lambda: system.sql("auth", "SELECT 1 FROM sagas_saga WHERE state = 'compensating'"),
        )
    assert people.ended(begun).status_code == 409
    assert people.may_register(alice)
    agreed()


@pytest.mark.fault(
    "a participant away for less than the deadline", "202, and the status address answers 201 in the end"
)
def test_a_participant_comes_back_in_time(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with system.device_proxy.refuses(MAKE, 503, times=2):
        answer = people.ended(people.ask(alice))
    assert (answer.status_code, answer.json()["user"]["username"]) == (201, alice["username"])
    agreed()


@pytest.mark.fault("a request arrives after its undo", "the fence refuses it: no orphan")
def test_a_late_request_after_the_undo(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with system.device_proxy.holds(MAKE) as late:
        begun = people.ask(alice)
        assert begun.status_code == 202
        system.deadline_passes()
        assert people.ended(begun).status_code == 409
        assert late.count > 0
    assert set(system.device_proxy.deliver(late)) == {409}
    assert nobody(system, alice)
    agreed()
    assert people.may_register(alice)


@pytest.mark.full
@pytest.mark.fault(
    "a request arrives twice, the second time after the user was deleted",
    "the fence answers as the first time and does nothing",
)
def test_a_late_copy_of_a_request_that_was_done(system: System, people: People, agreed: Callable[..., None]) -> None:
    with system.device_proxy.holds(MAKE, times=1) as late:
        answer = people.ended(people.ask(people.form()))
    assert (answer.status_code, late.count) == (201, 1)
    system.admin.delete(f"/api/auth/users/{answer.json()['user']['id']}", expect=(202, 204))
    agreed()
    assert system.device_proxy.deliver(late) == [200]
    agreed()


@pytest.mark.fault("an undo arrives twice", "the second finds nothing to undo")
def test_an_undo_arrives_twice(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with (
        system.device_proxy.refuses(MAKE, 422),
        system.user_proxy.loses_reply(UNDO_PROFILE) as first,
        system.device_proxy.loses_reply(UNDO) as second,
    ):
        assert people.ask(alice).status_code in (202, 422)
        agreed()
    assert (first.count, second.count) == (1, 1)
    assert people.may_register(alice)


@pytest.mark.fault(
    "an undo goes on failing", "health warns the operator; it is tried until it works; the others are not held up"
)
def test_an_undo_goes_on_failing(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.form()
    with system.device_proxy.refuses(MAKE, 422, times=1), system.user_proxy.refuses(UNDO_PROFILE, 503):
        begun = people.ask(alice)
        assert begun.status_code == 202
        system.deadline_passes()
        wait_for(
            "health warns",
            lambda: system.anyone.get("/api/auth/health")["warnings"].get("sagas"),
        )
        people.register("Bob")
    assert people.ended(begun).status_code == 422
    agreed()
    assert system.anyone.get("/api/auth/health")["warnings"] == {}
    assert people.may_register(alice)


@pytest.mark.fault(
    "a deletion is refused by a participant for a while",
    "it goes forward in the end: no account that can neither sign in nor be deleted",
)
def test_a_deletion_is_refused(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.register()
    with system.device_proxy.refuses(UNDO, 403, times=2):
        assert system.admin.http.delete(f"/api/auth/users/{alice['id']}").status_code in (202, 204)
        agreed()
    system.admin.get(f"/api/auth/users/{alice['id']}", expect=404)


@pytest.mark.full
@pytest.mark.fault(
    "a participant frozen while many register", "people who are registered still sign in; nobody is half there"
)
def test_a_participant_is_frozen(system: System, people: People, agreed: Callable[..., None]) -> None:
    bob = people.form("Bob")
    assert people.ask(bob).status_code == 201
    system.freeze("device-web")
    begun = [people.ask(people.form()) for _ in range(3)]
    assert {answer.status_code for answer in begun} == {202}
    assert people.can_sign_in(bob)
    system.thaw()
    ends = {people.ended(answer).status_code for answer in begun}
    assert ends <= {201, 409}
    agreed()
