"""What a saga does when the fault is not the participants' answer: ours, the database's, or too many at once."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.sagas import engine
from auth_service.sagas.engine import DELETE, run_due, start_saga
from auth_service.sagas.models import Saga
from auth_service.sagas.queries import ended_long_ago
from auth_service.tests.conftest import Participants
from auth_service.tests.test_registration import ALICE, DONE, UNDONE, register
from service_kit.purge import forget

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Account]


@pytest.fixture(autouse=True)
def no_waiting(settings: Any) -> None:
    settings.SAGA_WAIT_SECONDS = 0


def drive_to_the_end() -> None:
    while Saga.objects.filter(state__in=Saga.OPEN).exists():
        Saga.objects.update(next_attempt_at=timezone.now())
        assert run_due()


def run_due_once() -> None:
    run_due()
    connection.close()


def test_a_deletion_that_a_service_refuses_is_asked_for_until_it_is_accepted(
    account: Make, signed_in: Callable[[Account], APIClient], participants: Participants
) -> None:
    """Given a refusal, turning back would leave an account that can neither sign in nor be deleted."""
    participants.answers["DELETE /internal/users"] = [403, 204]
    admin, alice = account("admin", role="admin"), account("alice")
    assert signed_in(admin).delete(f"/api/auth/users/{alice.pk}").status_code == 202
    drive_to_the_end()
    assert Saga.objects.get().state == Saga.State.COMPLETED
    assert not Account.objects.filter(pk=alice.pk).exists()


def test_names_changed_again_meanwhile_are_not_taken_back(
    account: Make, signed_in: Callable[[Account], APIClient], participants: Participants
) -> None:
    """Given that Alice changed her own profile (version 3) after the admin's change of it (version 2), and before its end."""
    participants.answers["PUT /internal/users"] = [200]
    admin, alice = account("admin", role="admin"), account("alice", first_name="Alice")

    def meanwhile() -> None:
        Account.objects.filter(pk=alice.pk).update(first_name="Alicia", profile_version=3)

    participants.before_answer = meanwhile
    assert signed_in(admin).patch(f"/api/auth/users/{alice.pk}", {"first_name": "Al"}).json()["first_name"] == "Alicia"


def test_a_database_error_at_the_end_neither_ends_the_job_nor_the_saga(
    participants: Participants, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*, saga: Saga) -> None:
        raise IntegrityError("a fault of ours")

    with monkeypatch.context() as fault:
        fault.setattr("auth_service.accounts.services.activate", broken)
        assert register().status_code == 202
    saga = Saga.objects.get()
    assert (saga.state, saga.lease, saga.last_error) == ("running", None, "a fault of ours")
    drive_to_the_end()
    assert Account.objects.get().state == Account.State.ACTIVE
    assert participants.made() == DONE


def test_a_fault_of_ours_does_not_outlast_the_deadline(
    participants: Participants, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SAGA_DEADLINE_SECONDS = 0
    monkeypatch.setattr("auth_service.sagas.participants.admit_to_devices", lambda **_: int("a fault of ours"))
    assert register().status_code == 409
    assert participants.made() == [DONE[0], *UNDONE]
    assert not Account.objects.exists()


def test_a_saga_that_another_runner_holds_does_not_keep_the_next_one_waiting(participants: Participants) -> None:
    held, free = (start_saga(kind=DELETE, subject=uuid.uuid4(), payload={}) for _ in range(2))
    Saga.objects.filter(pk=held.pk).update(next_attempt_at=timezone.now() - timedelta(minutes=1))
    participants.answers["DELETE /internal/users"] = [503]
    inside, leave = threading.Event(), threading.Event()

    def wait_inside() -> None:
        inside.set()
        leave.wait(60)

    participants.before_answer = wait_inside
    first = threading.Thread(target=run_due_once)
    first.start()
    assert inside.wait(60)
    participants.before_answer = None
    assert run_due()
    leave.set()
    first.join()
    assert set(Saga.objects.values_list("pk", "attempts")) == {(held.pk, 1), (free.pk, 1)}


def test_a_runner_that_stood_still_past_its_lease_changes_nothing_any_more(participants: Participants) -> None:
    """Given that its successor finished the saga while the first runner's call was on its way."""
    successor = threading.Thread(target=run_due_once)

    def overtake() -> None:
        participants.before_answer = None
        Saga.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        successor.start()
        successor.join(10)
        connection.close()

    participants.before_answer = overtake
    assert register().status_code == 201
    assert participants.made() == [DONE[0], *DONE]
    assert Saga.objects.get().state == Saga.State.COMPLETED


def test_the_database_gone_in_the_middle_is_202_and_the_saga_goes_on(participants: Participants, settings: Any) -> None:
    settings.SAGA_LEASE_SECONDS = 0

    def cut_off_everybody_else() -> None:
        participants.before_answer = None
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        connection.close()

    participants.before_answer = cut_off_everybody_else
    answer = register()
    assert answer.status_code == 202
    drive_to_the_end()
    assert APIClient().get(answer.json()["status_url"]).status_code == 201


def test_when_enough_requests_wait_the_next_is_answered_at_once(
    participants: Participants, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given a service that is down, registrations must not hold all the threads that people sign in with."""
    settings.SAGA_WAIT_SECONDS = 3600
    participants.answers["POST /api/users"] = [503]
    monkeypatch.setattr(engine, "_waiting", threading.BoundedSemaphore(1))
    engine._waiting.acquire()
    assert register().status_code == 202
    engine._waiting.release()


def test_an_undo_that_goes_on_failing_is_told_to_the_operator(participants: Participants, settings: Any) -> None:
    def told() -> Any:
        answer = APIClient().get("/api/auth/health")
        assert answer.status_code == 200
        return answer.json()["warnings"]

    assert told() == {}
    settings.SAGA_DEADLINE_SECONDS = 0
    participants.answers = {"POST /internal/users": [422], "DELETE /api/users": [503]}
    assert register().status_code == 202
    assert told()["sagas"].startswith("1 change(s) of users could be neither finished nor undone yet")
    participants.answers.clear()
    drive_to_the_end()
    assert told() == {}
    assert register(**ALICE).status_code == 201


def test_ended_sagas_are_forgotten_after_thirty_days_and_open_ones_never() -> None:
    now = timezone.now()
    for state, days in (("completed", 29), ("completed", 31), ("compensated", 31), ("compensating", 31)):
        ended = None if state == "compensating" else now - timedelta(days=days)
        Saga.objects.create(
            kind="register", subject=uuid.uuid4(), state=state, ended_at=ended, next_attempt_at=now, deadline=now
        )
    assert forget(ended_long_ago()) == 2
    assert sorted(Saga.objects.values_list("state", flat=True)) == ["compensating", "completed"]
