"""Alice asks for all that is known of her, and that it be forgotten."""

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.audit.models import AuditEntry
from auth_service.sagas.engine import run_due
from auth_service.sagas.models import Saga
from auth_service.tests.conftest import Participants
from service_kit.models import OutboxEvent

pytestmark = pytest.mark.django_db(transaction=True)
Make = Callable[..., Account]
SignedIn = Callable[[Account], APIClient]
HOME: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.7", "HTTP_USER_AGENT": "Her own browser"}


@pytest.fixture
def alice(account: Make) -> Account:
    """She has signed in from her home."""
    made = account("alice", first_name="Alicia", last_name="Verdi", phone="+39 011 555")
    wanted = {"username": "alice", "password": "correct horse battery"}
    assert APIClient().post("/api/auth/login", wanted, **HOME).status_code == 200
    return made


def content(answer: Any) -> dict[str, Any]:
    return dict(json.loads(b"".join(answer.streaming_content)))


def test_the_file_holds_every_part(
    alice: Account, account: Make, signed_in: SignedIn, participants: Participants
) -> None:
    admin = account("admin", role="admin")
    signed_in(admin).patch(f"/api/auth/users/{alice.pk}", {"email": "alicia@example.org"}, REMOTE_ADDR="198.51.100.1")
    for who in (alice, admin):
        answer = signed_in(who).get(f"/api/auth/users/{alice.pk}/export")
        assert answer.status_code == 200
        name = f'attachment; filename="energy-alice-{timezone.now():%Y-%m-%d}.json"'
        assert (answer["Content-Disposition"], answer["Cache-Control"]) == (name, "no-store")
        told = content(answer)
        assert list(told) == [
            "exported_at", "account", "sessions", "audit", "profile", "devices", "energy", "forecasts",
        ]  # fmt: skip
        assert (told["account"]["email"], told["account"]["phone"]) == ("alicia@example.org", "+39 011 555")
        assert len(told["sessions"]) == 1
        signed, changed = told["audit"][:2]
        assert (signed["action"], signed["address"], signed["user_agent"]) == (
            "signed_in", "203.0.113.7", "Her own browser",
        )  # fmt: skip
        # Where the admin sat is not Alice's to know.
        assert (changed["action"], changed["actor"], changed["address"]) == ("user_changed", str(admin.pk), None)
        assert told["energy"] == {"asked": f"/internal/users/{alice.pk}/export"}
    assert AuditEntry.objects.filter(action="exported", user=alice.pk).count() == 2
    assert "password" not in json.dumps(told)


@pytest.mark.parametrize(
    ("section", "service"),
    [
        ("USER_URL", "user_service"),
        ("DEVICE_URL", "device_service"),
        ("MONITORING_URL", "monitoring_service"),
        ("FORECAST_URL", "forecast_service"),
    ],
)
def test_a_part_that_does_not_answer_is_named_and_there_is_no_file(
    alice: Account, signed_in: SignedIn, participants: Participants, settings: Any, section: str, service: str
) -> None:
    setattr(settings, section, "http://127.0.0.1:1")
    answer = signed_in(alice).get(f"/api/auth/users/{alice.pk}/export")
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert answer.json() == {"detail": f"The export is not whole: no answer from {service}. Try again in a moment."}
    assert not AuditEntry.objects.filter(action="exported").exists()


@pytest.mark.parametrize("trouble", [None, 500, 404, "cut"])
def test_no_trouble_of_a_part_ends_in_a_file_that_looks_whole(
    alice: Account, signed_in: SignedIn, participants: Participants, trouble: Any
) -> None:
    participants.answers["GET /internal/users"] = [trouble]
    assert signed_in(alice).get(f"/api/auth/users/{alice.pk}/export").status_code == 503


def test_a_part_that_takes_too_long_is_not_waited_for(
    alice: Account, signed_in: SignedIn, participants: Participants, settings: Any
) -> None:
    settings.EXPORT_WAIT_SECONDS = 0.2
    given_up = threading.Event()
    participants.before_answer = lambda: given_up.wait(20)
    answer = signed_in(alice).get(f"/api/auth/users/{alice.pk}/export")
    given_up.set()
    assert answer.status_code == 503
    for service in ("user_service", "device_service", "monitoring_service", "forecast_service"):
        assert service in answer.json()["detail"]


def test_nobody_elses(alice: Account, account: Make, signed_in: SignedIn, participants: Participants) -> None:
    bob = account("bob")
    for client, status in ((APIClient(), 401), (signed_in(bob), 404)):
        assert client.get(f"/api/auth/users/{alice.pk}/export").status_code == status
        assert client.post(f"/api/auth/users/{alice.pk}/erase").status_code == status
    assert participants.calls == []
    assert signed_in(account("admin", role="admin")).get(f"/api/auth/users/{uuid.uuid4()}/export").status_code == 404


@pytest.mark.parametrize("by", ["alice", "admin"])
def test_after_an_erasure_nothing_tells_who_it_was(
    alice: Account, account: Make, signed_in: SignedIn, participants: Participants, published: Any,
    traces: Callable[..., list[str]], by: str,
) -> None:  # fmt: skip
    """Given an earlier change whose saga and event speak of her too."""
    admin = account("admin", role="admin")
    signed_in(admin).patch(f"/api/auth/users/{alice.pk}", {"phone": "+39 011 556", "email": "alicia@example.org"})
    words = ("alice", "alicia", "Verdi", "+39 011 55", "203.0.113.7", "Her own browser")
    assert {trace.split(":")[0] for trace in traces(*words)} == {
        "accounts_account", "audit_auditentry", "sagas_saga", "service_kit_outboxevent",
    }  # fmt: skip
    hers = signed_in(alice)
    elsewhere: dict[str, Any] = {"REMOTE_ADDR": "198.51.100.1"}
    asks, origin = (hers, HOME) if by == "alice" else (signed_in(admin), elsewhere)
    answer = asks.post(f"/api/auth/users/{alice.pk}/erase", **origin)
    assert (answer.status_code, answer.content) == (204, b"")
    assert traces(*words) == []
    assert participants.made()[-2:] == ["DELETE /internal/users/:id"] * 2
    (gone,) = published()
    assert (gone.event.type, gone.event.id) == ("user.deleted", alice.pk)
    # That it happened stays on record.
    assert AuditEntry.objects.get(action="erased").user == alice.pk
    assert hers.get("/api/auth/validate").status_code == 401
    for path in ("export", "erase"):
        client = signed_in(admin)
        call = client.get if path == "export" else client.post
        assert call(f"/api/auth/users/{alice.pk}/{path}").status_code == 404
    account("alice")


def test_a_deletion_keeps_where_somebody_signed_in_from(
    alice: Account, account: Make, signed_in: SignedIn, participants: Participants, traces: Callable[..., list[str]]
) -> None:
    assert signed_in(account("admin", role="admin")).delete(f"/api/auth/users/{alice.pk}").status_code == 204
    assert traces("Verdi", "alice@example.org", "+39 011 55") == []
    assert AuditEntry.objects.get(action="signed_in").address == "203.0.113.7"


def test_the_last_administrator_stays(account: Make, signed_in: SignedIn, participants: Participants) -> None:
    admin = account("admin", role="admin")
    answer = signed_in(admin).post(f"/api/auth/users/{admin.pk}/erase")
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("This is the last administrator")
    assert participants.calls == []


def test_an_erasure_that_takes_longer_can_be_asked_for_without_a_token(
    alice: Account, account: Make, signed_in: SignedIn, participants: Participants, settings: Any,
    traces: Callable[..., list[str]],
) -> None:  # fmt: skip
    settings.SAGA_WAIT_SECONDS = 0
    participants.answers["DELETE /internal/users"] = [503, 204]
    answer = signed_in(alice).post(f"/api/auth/users/{alice.pk}/erase")
    assert answer.status_code == 202
    status_url = answer.json()["status_url"]
    assert APIClient().get(status_url).status_code == 202
    while Saga.objects.get().state in Saga.OPEN:
        Saga.objects.update(next_attempt_at=timezone.now())
        assert run_due()
    assert APIClient().get(status_url).status_code == 204
    assert traces("alice", "Verdi") == []
    assert APIClient().get(f"/api/auth/erasures/{uuid.uuid4()}").status_code == 404
    assert OutboxEvent.objects.count() == 1
