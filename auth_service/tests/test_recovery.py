"""A forgotten password and a verified address: by mail, through a real SMTP server, sent by the job."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.audit.models import AuditEntry
from auth_service.mail.models import Mail
from auth_service.mail.services import send_due
from auth_service.tests.conftest import Participants, statements
from service_kit.mail import MailServer
from service_kit.testing.mailserver import Inbox, serve

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]
SignedIn = Callable[[Account], APIClient]
PASSWORD, NEW_PASSWORD = "correct horse battery", "another horse battery"


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    box = Inbox()
    for server in serve(box):
        settings.MAIL_SERVER = MailServer("127.0.0.1", server.port, tls="none")
        settings.PUBLIC_URL = "https://energy.example.org"
        yield box


def post(path: str, body: dict[str, Any], *, at: str = "203.0.113.7") -> Any:
    return APIClient(REMOTE_ADDR=at).post(f"/api/auth/{path}", body)


def ask(email: str = "alice@example.org") -> Any:
    return post("password/reset", {"email": email})


def confirm(token: str, password: str = NEW_PASSWORD) -> Any:
    return post("password/reset/confirm", {"token": token, "new_password": password})


def login(password: str) -> int:
    return post("login", {"username": "alice", "password": password}).status_code


def send_all() -> None:
    while send_due():
        pass


def test_alice_forgot_her_password(account: Make, inbox: Inbox) -> None:
    alice = account("alice", first_name="Alice")
    elsewhere = post("login", {"username": "alice", "password": PASSWORD}).json()["refresh"]
    assert ask("ALICE@example.org").status_code == 202
    assert inbox.mails == [], "no request waits for a mail server"
    send_all()
    (mail,) = inbox.mails
    assert (mail["To"], mail["Subject"]) == ("alice@example.org", "Set a new password")
    assert mail.get_content_type() == "text/plain"
    assert "Hello Alice," in mail.get_content()  # type: ignore[attr-defined]
    assert "one hour" in mail.get_content()  # type: ignore[attr-defined]
    assert inbox.links()[0].startswith("https://energy.example.org/reset-password?token=")
    assert not Mail.objects.exists()

    assert confirm(inbox.token()).status_code == 204
    assert (login(PASSWORD), login(NEW_PASSWORD)) == (401, 200)
    assert post("refresh", {"refresh": elsewhere}).status_code == 401
    alice.refresh_from_db()
    assert alice.email_verified
    assert confirm(inbox.token(), "a third horse battery").json() == {
        "token": ["This link is not good any more: it was used, or it is too old. Ask for a new one."]
    }
    actions = AuditEntry.objects.filter(user=alice.pk, action__startswith="password").order_by("id")
    assert list(actions.values_list("action", "actor")) == [
        ("password_reset_asked", None),
        ("password_reset", alice.pk),
    ]


def test_a_weak_password_is_refused_and_the_link_stays_good(account: Make, inbox: Inbox) -> None:
    account("alice")
    ask()
    send_all()
    for weak in ("short", "alice@example.org", "password123", "12345678901"):
        assert list(confirm(inbox.token(), weak).json()) == ["new_password"]
    assert confirm(inbox.token()).status_code == 204


def test_a_link_dies_with_age_with_a_new_password_a_new_address_and_deactivation(
    account: Make, inbox: Inbox, settings: Any, signed_in: SignedIn
) -> None:
    alice = account("alice")
    ask()
    send_all()
    token = inbox.token()
    settings.RESET_LINK_LIFETIME = timedelta(seconds=-1)
    assert confirm(token).status_code == 400
    settings.RESET_LINK_LIFETIME = timedelta(hours=1)
    for change in ({"email": "new@example.org"}, {"is_active": False}, {"state": "deleting"}):
        before = {name: getattr(alice, name) for name in change}
        Account.objects.filter(pk=alice.pk).update(**change)
        assert confirm(token).status_code == 400
        Account.objects.filter(pk=alice.pk).update(**before)
    signed_in(alice).post("/api/auth/password", {"old_password": PASSWORD, "new_password": "yet another horse"})
    assert confirm(token).status_code == 400


@pytest.mark.parametrize("broken", ["", "x", "x" * 300, "00000000-0000-0000-0000-000000000000.a.b"])
def test_what_is_no_link_is_refused(broken: str) -> None:
    assert list(confirm(broken).json()) == ["token"]


def test_one_persons_link_does_not_open_anothers_account_nor_do_for_another_purpose(
    account: Make, inbox: Inbox
) -> None:
    account("alice")
    bob = account("bob")
    ask()
    send_all()
    token = inbox.token()
    assert confirm(bob.pk.hex + token[32:]).status_code == 400
    assert post("email/verify", {"token": token}).status_code == 400


def test_nobody_learns_whether_an_account_exists(account: Make, inbox: Inbox) -> None:
    """Equal answers and equal work: the same statements, as often, for all of them."""
    account("alice")
    account("sleeping", is_active=False)
    account("half", state="pending")
    seen = []
    for name in ("alice", "nobody", "sleeping", "half"):
        with CaptureQueriesContext(connection) as queries:
            answer = ask(f"{name}@example.org")
        seen.append((answer.status_code, answer.content, statements(queries)))
    assert seen == [seen[0]] * 4
    send_all()
    assert [mail["To"] for mail in inbox.mails] == ["alice@example.org"]
    assert not Mail.objects.exists()


def test_an_address_is_not_flooded_and_a_name_nobody_has_is_treated_the_same(account: Make, inbox: Inbox) -> None:
    account("alice")
    for email in ("alice@example.org", "nobody@example.org"):
        answers = [ask(email) for _ in range(6)]
        assert [answer.status_code for answer in answers] == [202] * 5 + [429]
        assert int(answers[-1]["Retry-After"]) > 3500


def test_a_new_password_ends_the_wait_after_wrong_ones(account: Make, inbox: Inbox) -> None:
    account("alice")
    assert [login("wrong") for _ in range(6)] == [401] * 5 + [429]
    ask()
    send_all()
    confirm(inbox.token())
    assert login(NEW_PASSWORD) == 200


def test_without_a_mail_server_the_answer_says_whom_to_ask_and_the_operator_has_a_command(
    account: Make, settings: Any
) -> None:
    assert settings.MAIL_SERVER is None
    alice = account("alice")
    for email in ("alice@example.org", "nobody@example.org"):
        answer = ask(email)
        assert (answer.status_code, "Ask your administrator" in answer.json()["detail"]) == (202, True)
    assert not Mail.objects.exists()
    assert not send_due()
    said = StringIO()
    call_command("password_link", "Alice@example.org", stdout=said)
    link = said.getvalue().strip().splitlines()[-1]
    assert link.startswith(f"{settings.PUBLIC_URL}/reset-password?token=")
    assert confirm(link.partition("token=")[2]).status_code == 204
    assert login(NEW_PASSWORD) == 200
    alice.refresh_from_db()
    assert not alice.email_verified, "whoever got the link from the operator did not read this address's mail"
    assert confirm(link.partition("token=")[2]).status_code == 400
    assert AuditEntry.objects.filter(action="password_link_made", user=alice.pk, actor=None).count() == 1
    with pytest.raises(CommandError, match="There is no account 'nobody'"):
        call_command("password_link", "nobody")


REGISTRATION = {
    "username": "alice", "email": "alice@example.org", "password": PASSWORD, "first_name": "Alice", "last_name": "Rossi",
}  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_a_new_address_is_verified_by_its_link(participants: Participants, inbox: Inbox, signed_in: SignedIn) -> None:
    user = post("register", REGISTRATION).json()["user"]
    assert user["email_verified"] is False
    send_all()
    assert inbox.mails[0]["Subject"] == "Confirm your e-mail address"
    assert inbox.links()[0].startswith("https://energy.example.org/verify-email?token=")
    for _ in range(2):
        answer = post("email/verify", {"token": inbox.token()})
        assert (answer.status_code, answer.json()["email_verified"]) == (200, True)
    alice = Account.objects.get()
    assert alice.email_verified
    assert AuditEntry.objects.filter(action="email_verified").count() == 1
    again = signed_in(alice).post("/api/auth/email/verify", {})
    assert (again.status_code, again.json()["email_verified"]) == (200, True)
    assert not Mail.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_registration_that_was_undone_sends_nothing(participants: Participants, inbox: Inbox) -> None:
    participants.answers["POST /internal/users"] = [422]
    assert post("register", REGISTRATION).status_code == 422
    send_all()
    assert inbox.mails == []


@pytest.mark.django_db(transaction=True)
def test_a_changed_address_is_unverified_until_its_own_link_is_opened(
    account: Make, inbox: Inbox, signed_in: SignedIn
) -> None:
    admin, alice = account("admin", role="admin"), account("alice", email_verified=True)
    path = f"/api/auth/users/{alice.pk}"
    assert signed_in(admin).patch(path, {"email": alice.email}).json()["email_verified"] is True
    assert signed_in(admin).patch(path, {"email": "new@example.org"}).json()["email_verified"] is False
    send_all()
    first = inbox.token()
    signed_in(admin).patch(path, {"email": "newer@example.org"})
    assert post("email/verify", {"token": first}).status_code == 400
    send_all()
    assert [mail["To"] for mail in inbox.mails] == ["new@example.org", "newer@example.org"]
    assert post("email/verify", {"token": inbox.token()}).status_code == 200


def test_the_holder_asks_for_another_link_a_few_times_an_hour(
    account: Make, inbox: Inbox, signed_in: SignedIn, settings: Any
) -> None:
    alice = account("alice")
    sent = [signed_in(alice).post("/api/auth/email/verify", {}) for _ in range(6)]
    assert [answer.status_code for answer in sent] == [202] * 5 + [429]
    send_all()
    assert len(inbox.mails) == 5
    assert post("email/verify", {}).status_code == 401
    settings.MAIL_SERVER = None
    assert signed_in(account("bob")).post("/api/auth/email/verify", {}).status_code == 409
