"""Mails arrive once, whatever the mail server does; and nothing of them is left."""

import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from django.utils import timezone

from auth_service.accounts.models import Account
from auth_service.mail.models import Mail
from auth_service.mail.services import post, send_due
from service_kit.mail import MailServer, parse
from service_kit.testing.mailserver import Inbox, serve

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    box = Inbox()
    for server in serve(box):
        settings.MAIL_SERVER = MailServer("127.0.0.1", server.port, tls="none")
        yield box


def later() -> None:
    Mail.objects.update(next_attempt_at=timezone.now())


def test_a_server_that_is_away_is_asked_again_later_each_time(account: Make, inbox: Inbox, settings: Any) -> None:
    there = settings.MAIL_SERVER
    settings.MAIL_SERVER = MailServer("127.0.0.1", 1, tls="none")
    post(Mail.Kind.PASSWORD_RESET, account=account("alice"))
    pauses = []
    for _ in range(3):
        later()
        assert send_due()
        pauses.append((Mail.objects.get().next_attempt_at - timezone.now()).total_seconds())
        assert not send_due(), "not before its time"
    assert [round(pause, -1) for pause in pauses] == [60, 120, 240]
    settings.MAIL_SERVER = there
    later()
    assert send_due()
    assert [mail["To"] for mail in inbox.mails] == ["alice@example.org"]
    assert not Mail.objects.exists()


def test_a_refusal_for_now_is_tried_again_and_one_for_ever_is_not(account: Make, inbox: Inbox) -> None:
    inbox.answers = ["451 Try later", "550 No such mailbox"]
    post(Mail.Kind.PASSWORD_RESET, account=account("alice"))
    assert send_due()
    assert Mail.objects.count() == 1
    later()
    with structlog.testing.capture_logs() as logs:
        assert send_due()
    assert not Mail.objects.exists()
    assert inbox.mails == []
    assert [entry["event"] for entry in logs] == ["mail given up"]
    assert "alice" not in str(logs), "an address is no thing for logs"


def test_after_a_day_it_is_given_up(account: Make, settings: Any) -> None:
    settings.MAIL_SERVER = MailServer("127.0.0.1", 1, tls="none")
    post(Mail.Kind.PASSWORD_RESET, account=account("alice"))
    Mail.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert send_due()
    assert not Mail.objects.exists()


def test_a_sender_that_died_is_followed_by_another_with_the_same_message_id(account: Make, inbox: Inbox) -> None:
    post(Mail.Kind.PASSWORD_RESET, account=account("alice"))
    (row,) = Mail.objects.values()
    assert send_due()
    Mail.objects.create(**row)
    assert send_due()
    assert len({mail["Message-ID"] for mail in inbox.mails}) == 1


def test_what_is_no_longer_wanted_is_not_sent(account: Make, inbox: Inbox) -> None:
    for kind, fields in (
        (Mail.Kind.EMAIL_VERIFICATION, {"email_verified": True}),
        (Mail.Kind.PASSWORD_RESET, {"is_active": False}),
        (Mail.Kind.PASSWORD_RESET, {"state": "deleting"}),
    ):
        post(kind, account=account(f"user{Account.objects.count()}", **fields))
    account("alice").delete()
    while send_due():
        pass
    assert inbox.mails == []
    assert not Mail.objects.exists()


def test_a_deleted_account_takes_its_mails_along(account: Make, inbox: Inbox) -> None:
    alice = account("alice")
    post(Mail.Kind.PASSWORD_RESET, account=alice)
    alice.delete()
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.org", MailServer("mail.example.org", 587)),
        ("smtp://u%40x:p%26%2F@mail:2525", MailServer("mail", 2525, "u@x", "p&/")),
        ("smtp://mail?tls=tls", MailServer("mail", 465, tls="tls")),
        ("smtp://localhost:1025/?tls=none", MailServer("localhost", 1025, tls="none")),
    ],
)
def test_mail_url_names_a_server(url: str, server: MailServer) -> None:
    assert parse(url) == server


@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://mail",
        "smtp://",
        "smtp://mail?tls=maybe",
        "smtp://mail/x",
        "smtp://mail:port",
        "smtp://m?a=b",
    ],
)
def test_what_names_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        parse(url)


def test_a_password_does_not_show() -> None:
    assert "s3cret" not in repr(parse("smtp://user:s3cret@mail"))


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Of 127.0.0.1, signed by itself: certificate and key in one file."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "mail.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


# The test server has no plain text to protect: it speaks TLS from the first byte.
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_server_is_signed_in_to_by_tls_only_when_its_certificate_is_good(
    tls: str, account: Make, settings: Any, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    inbox = Inbox()
    options = {"tls_context": context, "require_starttls": True} if tls == "starttls" else {"ssl_context": context}
    auth = {"auth_required": True, "authenticator": inbox.authenticate}
    for server in serve(inbox, **options, **auth, auth_require_tls=tls == "starttls"):
        settings.MAIL_SERVER = parse(f"smtp://user:s3cret%2F%26@localhost:{server.port}?tls={tls}")
        post(Mail.Kind.PASSWORD_RESET, account=account("alice"))
        assert send_due()
        assert (inbox.mails, inbox.signed_in) == ([], []), "a certificate that nobody trusts"
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        later()
        assert send_due()
        assert len(inbox.mails) == 1
        assert inbox.signed_in == [(b"user", b"s3cret/&")]
