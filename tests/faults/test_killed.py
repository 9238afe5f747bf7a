"""A process is gone from one instruction to the next."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.faults.conftest import People
from tests.faults.system import System
from tests.journeys.client import wait_for

COMPLETES = "the registration is completed by another process; nothing is done twice"


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(point, marks=pytest.mark.fault(f"a registration's process killed {when}", COMPLETES))
        for point, when in {
            "saga_before_profile": "before the first call",
            "saga_after_profile": "after the user service has committed",
            "saga_after_devices": "after the device service has committed",
            "saga_completed": "before the answer",
        }.items()
    ],
)
def test_the_registrations_process_dies(
    system: System, people: People, agreed: Callable[..., None], point: str
) -> None:
    alice = people.form()
    system.arm("auth", point)
    assert people.ask(alice).status_code in (202, 500, 502, 503)
    agreed()
    assert system.died("auth", point)
    assert people.can_sign_in(alice)


@pytest.mark.parametrize(
    ("process", "point"),
    [
        pytest.param(
            process, point, marks=pytest.mark.fault(f"the {process} service killed after its commit, before its answer", "the step is asked for again and answered as done")
        )
        for process, point in {"user": "done_user.profile", "device": "done_device.user"}.items()
    ],
)  # fmt: skip
def test_a_participant_dies_before_it_answers(
    system: System, people: People, agreed: Callable[..., None], process: str, point: str
) -> None:
    alice = people.form()
    system.arm(process, point)
    assert people.ask(alice).status_code in (201, 202)
    agreed()
    assert system.died(process, point)
    assert people.can_sign_in(alice)


@pytest.mark.parametrize(
    ("process", "point"),
    [
        pytest.param(process, point, marks=pytest.mark.fault(f"the {process} service killed in the middle of an undo ({where})", "the undo is finished; the name is free again"))
        for process, point, where in (
            ("auth", "saga_before_undo_devices", "before the first call"),
            ("auth", "saga_after_undo_devices", "between the two calls"),
            ("user", "undone_user.profile", "after its commit, before its answer"),
        )
    ],
)  # fmt: skip
def test_killed_in_the_middle_of_an_undo(
    system: System, people: People, agreed: Callable[..., None], process: str, point: str
) -> None:
    alice = people.form()
    system.arm(process, point)
    with system.device_proxy.refuses(b"POST /internal/users", 422):
        assert people.ask(alice).status_code in (202, 422, 500, 502, 503)
        agreed()
    assert system.died(process, point)
    assert not people.can_sign_in(alice)
    assert people.may_register(alice)
    agreed()


@pytest.mark.parametrize(
    "point",
    [
        pytest.param(
            point, marks=pytest.mark.fault(f"a deletion's process killed {when}", "the user is gone everywhere")
        )
        for point, when in {"saga_after_profile": "in the middle", "saga_completed": "at the end"}.items()
    ],
)
def test_killed_while_a_user_is_deleted(
    system: System, people: People, agreed: Callable[..., None], point: str
) -> None:
    alice = people.register()
    system.arm("auth", point)
    assert system.admin.http.delete(f"/api/auth/users/{alice['id']}").status_code in (202, 500, 502, 503)
    agreed()
    assert system.died("auth", point)
    system.admin.get(f"/api/auth/users/{alice['id']}", expect=404)


@pytest.mark.fault("the process killed in the middle of a change of names", "every service has the new names")
def test_killed_while_a_user_is_changed(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.register()
    path = f"/api/auth/users/{alice['id']}"
    system.arm("auth", "saga_after_profile")
    assert system.admin.http.patch(path, json={"last_name": "Verdi"}).status_code in (202, 500, 502, 503)
    agreed()
    assert system.died("auth", "saga_after_profile")
    assert system.admin.get(path)["last_name"] == "Verdi"


@pytest.mark.fault(
    "the relay killed after the broker's confirm, before it is noted", "the event goes out twice and counts once"
)
def test_the_relay_dies_between_confirm_and_note(system: System, people: People, agreed: Callable[..., None]) -> None:
    system.arm("auth", "relay_after_confirm")
    people.register()
    wait_for("the relay has died", lambda: system.died("auth", "relay_after_confirm"))
    agreed()


@pytest.mark.fault("a consumer killed between commit and acknowledgement", "the event comes again and changes nothing")
def test_a_consumer_dies_before_it_acknowledges(system: System, people: People, agreed: Callable[..., None]) -> None:
    for service in ("monitoring", "device"):
        system.arm(service, "after_commit_before_ack")
    people.register()
    for service in ("monitoring", "device"):
        wait_for(f"the {service} service has died", partial(system.died, service, "after_commit_before_ack"))
    agreed()


@pytest.mark.full
@pytest.mark.fault("every process killed with -9 while people register", "whoever was told 201 exists everywhere")
def test_every_process_is_killed_in_turn(system: System, people: People, agreed: Callable[..., None]) -> None:
    told: list[dict[str, Any]] = []
    for name in ("auth-web", "user-web", "device-web", "auth-jobs", "user-jobs", "device-jobs", "monitoring-jobs"):
        system.kill(name)
        form = people.form()
        if people.ended(people.ask(form)).status_code == 201:
            told.append(form)
    agreed()
    assert told
    assert all(people.can_sign_in(form) for form in told)
