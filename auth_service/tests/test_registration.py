"""After a registration has answered, every service knows Alice or none does."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.contrib.auth.hashers import make_password
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.accounts.services import begin_deletion
from auth_service.audit.models import AuditEntry
from auth_service.sagas.engine import advance, run_due
from auth_service.sagas.models import Saga
from auth_service.tests.conftest import Participants
from service_kit.events import UserCreated

pytestmark = pytest.mark.django_db(transaction=True)
ALICE = {
    "username": "alice", "email": "alice@example.org", "password": "correct horse battery",
    "first_name": "Alice", "last_name": "Rossi", "phone": "+39 06 1234567",
}  # fmt: skip
DONE = ["POST /api/users", "POST /internal/users"]
UNDONE = ["DELETE /internal/users/:id/rollback", "DELETE /api/users/:id/rollback"]


def register(**changed: Any) -> Any:
    return APIClient().post("/api/auth/register", {**ALICE, **changed})


def test_alice_registers_and_everybody_is_told(participants: Participants, published: Callable[[], Any]) -> None:
    answer = register()
    assert answer.status_code == 201
    body = answer.json()
    user = body["user"]
    assert {k: user[k] for k in ALICE if k != "password"} == {k: v for k, v in ALICE.items() if k != "password"}
    assert (user["role"], user["is_active"]) == ("client", True)
    assert participants.made() == DONE
    (envelope,) = published()
    assert envelope.event == UserCreated(
        id=uuid.UUID(user["id"]), username="alice", email="alice@example.org", role="client", is_active=True
    )
    assert envelope.version == 1
    validated = APIClient().get("/api/auth/validate", headers={"Authorization": f"Bearer {body['access']}"})
    assert validated.json()["user_id"] == user["id"]
    assert APIClient().post("/api/auth/refresh", {"refresh": body["refresh"]}).status_code == 200


def test_the_event_carries_the_request_id_that_came_in(
    participants: Participants, published: Callable[[], Any]
) -> None:
    APIClient().post("/api/auth/register", ALICE, headers={"X-Request-ID": "from-the-gateway"})
    assert published()[0].correlation_id == "from-the-gateway"


def test_a_role_in_the_body_is_ignored(participants: Participants) -> None:
    assert register(role="admin").json()["user"]["role"] == "client"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": ""}, "username"),
        ({"username": "al ice"}, "username"),
        ({"username": "alice@example.org"}, "username"),
        ({"email": "nowhere"}, "email"),
        ({"password": "short"}, "password"),
        ({"password": "12345678901"}, "password"),
        ({"password": "password"}, "password"),
        ({"first_name": None}, "first_name"),
        ({"first_name": "x" * 151}, "first_name"),
        ({"phone": "call me"}, "phone"),
        ({"phone": "1" * 33}, "phone"),
    ],
)
def test_what_cannot_be_is_refused_by_field(changed: dict[str, Any], field: str) -> None:
    answer = register(**changed)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    "changed", [{"email": "b@x.org", "username": "ALICE"}, {"username": "b", "email": "ALICE@example.org"}]
)
def test_a_name_or_address_is_taken_whatever_its_case(participants: Participants, changed: dict[str, str]) -> None:
    register()
    answer = register(**changed)
    assert answer.status_code == 400
    assert "taken" in str(answer.json()) or "There is an account" in str(answer.json())
    assert Account.objects.count() == 1


def test_the_same_name_at_once_is_one_account(participants: Participants) -> None:
    start, statuses = threading.Barrier(4), []

    def one() -> None:
        start.wait()
        statuses.append(register().status_code)
        connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 400, 400, 400]
    assert Account.objects.count() == Saga.objects.count() == 1


def test_refused_by_a_participant_it_is_undone_everywhere(
    participants: Participants, published: Callable[[], Any]
) -> None:
    participants.answers["POST /internal/users"] = [422]
    answer = register()
    assert answer.status_code == 422
    assert answer.json()["reason"]["detail"] == "scripted"
    assert participants.made() == DONE + UNDONE
    assert not Account.objects.exists()
    assert published() == []
    participants.answers.clear()
    assert register().status_code == 201


@pytest.mark.parametrize("trouble", [None, 500, 503])
def test_a_lost_answer_is_asked_for_again(participants: Participants, trouble: int | None) -> None:
    participants.answers["POST /api/users"] = [trouble, 201]
    assert register().status_code == 201
    assert participants.made() == ["POST /api/users", *DONE]
    assert participants.calls[0][2] == participants.calls[1][2]


def test_slower_than_the_wait_is_202_and_the_status_address_tells_the_end(
    participants: Participants, settings: Any
) -> None:
    settings.SAGA_WAIT_SECONDS = 0
    participants.answers["POST /internal/users"] = [503, 503, 201]
    answer = register()
    assert answer.status_code == 202
    status_url = answer.json()["status_url"]
    assert APIClient().get(status_url).status_code == 202
    assert APIClient().post("/api/auth/login", {"username": "alice", "password": ALICE["password"]}).status_code == 401
    while Saga.objects.get().state in Saga.OPEN:
        Saga.objects.update(next_attempt_at=timezone.now())
        assert run_due()
    done = APIClient().get(status_url)
    assert done.status_code == 201
    assert done.json()["user"]["username"] == "alice"
    Saga.objects.update(ended_at=timezone.now() - timedelta(minutes=16))
    assert APIClient().get(status_url).status_code == 404


def test_past_its_deadline_it_is_undone_with_the_step_whose_outcome_is_unknown(
    participants: Participants, settings: Any
) -> None:
    settings.SAGA_WAIT_SECONDS = settings.SAGA_DEADLINE_SECONDS = 0
    participants.answers["POST /internal/users"] = [None]
    answer = register()
    assert answer.status_code == 409
    assert participants.made() == DONE + UNDONE
    assert not Account.objects.exists()


def test_an_undo_that_fails_is_tried_until_it_works(participants: Participants, settings: Any) -> None:
    settings.SAGA_WAIT_SECONDS = 0
    participants.answers = {"POST /internal/users": [422], "DELETE /api/users": [503, 503, 204]}
    assert register().status_code == 202
    while Saga.objects.get().state in Saga.OPEN:
        Saga.objects.update(next_attempt_at=timezone.now())
        assert run_due()
    assert participants.made() == [*DONE, *UNDONE, UNDONE[1], UNDONE[1]]
    assert not Account.objects.exists()


def test_what_a_crash_left_is_driven_on_once_its_lease_is_over(participants: Participants, settings: Any) -> None:
    """Given a runner that died after the user service had done its step, before it could note that."""
    settings.SAGA_WAIT_SECONDS = 0
    participants.answers["POST /api/users"] = [503, 201]
    register()
    later = timezone.now() + timedelta(seconds=30)
    Saga.objects.update(lease=uuid.uuid4(), lease_until=later, next_attempt_at=timezone.now())
    assert not run_due()
    Saga.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run_due()
    assert Saga.objects.get().state == Saga.State.COMPLETED
    assert Account.objects.get().state == Account.State.ACTIVE


def test_two_runners_do_each_step_once(participants: Participants, settings: Any) -> None:
    settings.SAGA_WAIT_SECONDS = 0
    participants.answers["POST /api/users"] = [503, 201]
    register()
    participants.calls.clear()
    Saga.objects.update(next_attempt_at=timezone.now())
    saga, start = Saga.objects.get().pk, threading.Barrier(5)

    def runner() -> None:
        start.wait()
        advance(saga)
        connection.close()

    threads = [threading.Thread(target=runner) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert participants.made() == DONE
    assert Saga.objects.get().state == Saga.State.COMPLETED


def test_a_saga_that_fails_by_our_own_fault_is_let_go_of_and_tried_again(
    participants: Participants, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SAGA_WAIT_SECONDS = 0
    with monkeypatch.context() as broken:
        broken.setattr("auth_service.sagas.participants.create_profile", lambda **_: int("a fault of ours"))
        assert register().status_code == 202
    saga = Saga.objects.get()
    assert (saga.lease, saga.attempts) == (None, 1)
    Saga.objects.update(next_attempt_at=timezone.now())
    assert run_due()
    assert Account.objects.get().state == Account.State.ACTIVE


def test_participants_are_called_with_a_service_token_and_no_password(participants: Participants) -> None:
    import jwt

    register()
    claims = jwt.decode(participants.tokens[0], options={"verify_signature": False})
    assert (claims["role"], claims["token_type"]) == ("service", "access")
    assert ALICE["password"] not in str(participants.calls)


def test_the_demo_accounts_are_made_once(participants: Participants, settings: Any) -> None:
    # A command has no request, and so no request id of its own: the saga makes one.
    structlog.contextvars.clear_contextvars()
    call_command("seed_demo")
    assert not Account.objects.exists()
    settings.DEMO = True
    call_command("seed_demo")
    call_command("seed_demo")
    assert dict(Account.objects.values_list("username", "role")) == {
        "admin": "admin",
        "alice": "client",
        "bob": "client",
    }
    signed_in = APIClient().post("/api/auth/login", {"username": "admin", "password": "admin123"})
    assert signed_in.json()["user"]["role"] == "admin"


def test_what_people_did_to_demo_accounts_outlives_the_next_start(participants: Participants, settings: Any) -> None:
    structlog.contextvars.clear_contextvars()
    settings.DEMO = True
    call_command("seed_demo")
    alice, bob = (Account.objects.get(username=name) for name in ("alice", "bob"))
    Account.objects.filter(pk=alice.pk).update(username="alice.rossi", password=make_password("another"))
    begin_deletion(account_id=bob.pk)
    while run_due():
        pass
    Saga.objects.all().delete()  # as after thirty days

    call_command("seed_demo")

    # Made again under the same id, Bob would be dead in every copy, by the tombstone that his deletion left there.
    assert set(Account.objects.values_list("username", flat=True)) == {"admin", "alice.rossi"}


def test_a_taken_demo_address_is_no_reason_not_to_start(
    participants: Participants, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    structlog.contextvars.clear_contextvars()
    settings.DEMO = True
    assert register(username="charlie", email="bob@example.org").status_code == 201
    call_command("seed_demo")
    assert "bob: not made" in capsys.readouterr().out
    assert Account.objects.filter(username="admin").exists()


def test_demo_accounts_are_not_made_in_production(settings: Any) -> None:
    settings.DEMO, settings.ENVIRONMENT = True, "production"
    with pytest.raises(CommandError, match="public passwords: not with ENVIRONMENT=production"):
        call_command("seed_demo")
    assert not Account.objects.exists()


def test_createadmin_makes_an_administrator(participants: Participants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "correct horse battery")
    call_command("createadmin", "root", "root@example.org")
    root = Account.objects.get()
    assert (root.role, root.email_verified) == ("admin", True)
    assert AuditEntry.objects.values_list("action", "user", "actor").get() == ("created_by_command", root.pk, None)


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("", "password: This field may not be blank."),
        ("password", "password: This password is too common."),
        ("root", "password: The password is too similar to the username. This password is too short."),
    ],
)
def test_createadmin_refuses_a_weak_password_in_plain_words(
    password: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", password)
    with pytest.raises(CommandError, match=f"^Not made. {said}"):
        call_command("createadmin", "root", "root@example.org")
    assert not Account.objects.exists()
