"""Google's word opens the door of whoever owns the address, and nobody else's."""

import http.server
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.audit.models import AuditEntry
from auth_service.sagas.engine import run_due
from auth_service.sagas.models import Saga
from auth_service.signin import google
from auth_service.tests.conftest import Participants

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]
CLIENT_ID = "ems.apps.example.org"


class Google:
    """Signs ID tokens, and publishes its certificates over HTTP as Google does."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.asked = 0
        self.status = 200
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/certs"

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        own = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                own.asked += 1
                public = own.key.public_key().public_bytes(
                    serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
                )
                self.send_response(own.status)
                self.send_header("Cache-Control", "public, max-age=3600")
                self.end_headers()
                self.wfile.write(json.dumps({"google-1": public.decode()}).encode())

            def log_message(self, *args: object) -> None:
                """Quiet."""

        return Answer

    def token(self, *, key: Any = None, kid: str = "google-1", algorithm: str = "RS256", **claims: Any) -> str:
        now = int(time.time())
        payload = {
            "iss": "https://accounts.google.com", "aud": CLIENT_ID, "sub": "1098", "email": "alice@example.org",
            "email_verified": True, "given_name": "Alice", "family_name": "Rossi", "iat": now, "exp": now + 3600,
            **claims,
        }  # fmt: skip
        kept = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(kept, key or self.key, algorithm=algorithm, headers={"kid": kid})


@pytest.fixture(scope="module")
def the_server() -> Iterator[Google]:
    made = Google()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def of_google(the_server: Google, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Google:
    settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CERTS_URL = CLIENT_ID, the_server.url
    monkeypatch.setattr(google, "certificates", google.Certificates())
    the_server.asked, the_server.status = 0, 200
    return the_server


def sign_in(token: str, **more: Any) -> Any:
    return APIClient().post("/api/auth/google", {"token": token, **more})


@pytest.mark.django_db(transaction=True)
def test_somebody_new_gets_an_account_everywhere(of_google: Google, participants: Participants) -> None:
    answer = sign_in(of_google.token())
    assert answer.status_code == 200, answer.content
    user = answer.json()["user"]
    assert user | {
        "username": "alice", "email": "alice@example.org", "email_verified": True, "role": "client",
        "first_name": "Alice", "last_name": "Rossi", "is_active": True,
    } == user  # fmt: skip
    assert participants.made() == ["POST /api/users", "POST /internal/users"]
    assert APIClient().post("/api/auth/refresh", {"refresh": answer.json()["refresh"]}).status_code == 200
    assert not Account.objects.get().has_usable_password()
    assert sign_in(of_google.token()).json()["user"]["id"] == user["id"]
    assert list(AuditEntry.objects.order_by("id").values_list("action", flat=True)) == [
        "registered", "signed_in", "signed_in",
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("address", "start"), [("alice@gmail.com", "alice-"), ("é?!@x.org", "é"), ("?!@x.org", "user")]
)
def test_the_username_is_made_from_the_address_and_is_free(
    of_google: Google, participants: Participants, account: Make, address: str, start: str
) -> None:
    account("alice")
    user = sign_in(of_google.token(email=address)).json()["user"]
    assert user["username"].startswith(start)
    assert user["username"] != "alice"


@pytest.mark.django_db(transaction=True)
def test_slower_than_the_wait_is_202_and_asking_again_is_the_same_registration(
    of_google: Google, participants: Participants, settings: Any
) -> None:
    settings.SAGA_WAIT_SECONDS = 0
    participants.answers["POST /internal/users"] = [503]
    first, again = sign_in(of_google.token()), sign_in(of_google.token())
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    participants.answers.clear()
    Saga.objects.update(next_attempt_at=timezone.now())
    assert run_due()
    assert APIClient().get(first.json()["status_url"]).json()["user"]["username"] == "alice"
    assert sign_in(of_google.token()).status_code == 200


def test_an_account_that_verified_the_address_is_joined_and_stays_so_when_the_address_changes(
    of_google: Google, account: Make
) -> None:
    alice = account("alice", email="Alice@example.org", email_verified=True)
    assert sign_in(of_google.token()).json()["user"]["id"] == str(alice.pk)
    Account.objects.filter(pk=alice.pk).update(email="other@example.org", email_verified=False)
    assert sign_in(of_google.token()).json()["user"]["id"] == str(alice.pk)
    assert AuditEntry.objects.filter(action="google_linked", user=alice.pk).count() == 1


def test_an_account_that_never_verified_the_address_is_not_joined_and_is_told_the_way_out(
    of_google: Google, account: Make
) -> None:
    """Charlie may have registered with Alice's address: what he made must not become hers, nor hers his."""
    account("charlie", email="alice@example.org")
    answer = sign_in(of_google.token())
    assert answer.status_code == 409
    assert "verify the address" in answer.json()["detail"]
    assert Account.objects.get().google_subject is None
    account("half", email="bob@example.org", state="pending")
    assert sign_in(of_google.token(email="bob@example.org", sub="2")).status_code == 409


def test_an_address_that_came_to_another_google_account_does_not_open_the_old_ones_account(
    of_google: Google, account: Make
) -> None:
    account("alice", email_verified=True, google_subject="another")
    assert sign_in(of_google.token()).status_code == 409
    assert Account.objects.get().google_subject == "another"


@pytest.mark.parametrize("fields", [{"is_active": False}, {"state": "deleting", "is_active": False}])
def test_a_deactivated_account_stays_outside(of_google: Google, account: Make, fields: dict[str, Any]) -> None:
    account("alice", email_verified=True, **fields)
    answer = sign_in(of_google.token())
    assert (answer.status_code, "deactivated" in answer.json()["detail"]) == (401, True)
    assert AuditEntry.objects.get().action == "sign_in_failed"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody-else"},
        {"aud": None},
        {"iss": "https://accounts.example.org"},
        {"exp": int(time.time()) - 60},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"email": None},
        {"sub": None},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"kid": "unknown"},
        {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
        {"key": "a shared secret of more than 32 letters", "algorithm": "HS256"},
    ],
    ids=str,
)
def test_a_token_that_google_does_not_stand_behind_opens_nothing(of_google: Google, claims: dict[str, Any]) -> None:
    answer = sign_in(of_google.token(**claims))
    assert answer.status_code == 401
    assert "Google" in answer.json()["detail"]
    assert not Account.objects.exists()


@pytest.mark.parametrize("token", ["x", "a.b.c", "....", "e30.e30.e30", "bnVsbA.bnVsbA.bnVsbA", "é.é.é", "W10.W10.W10"])
def test_what_is_no_token_at_all_is_refused_too(of_google: Google, token: str) -> None:
    assert sign_in(token).status_code == 401


def test_google_is_asked_for_its_certificates_once_in_an_hour(of_google: Google, account: Make) -> None:
    account("alice", email_verified=True)
    assert [sign_in(of_google.token()).status_code for _ in range(3)] == [200] * 3
    assert of_google.asked == 1


@pytest.mark.parametrize("status", [404, 500])
def test_when_google_does_not_answer_the_caller_is_asked_to_come_again(
    of_google: Google, account: Make, status: int
) -> None:
    account("alice", email_verified=True)
    of_google.status = status
    answer = sign_in(of_google.token())
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    of_google.status = 200
    assert sign_in(of_google.token()).status_code == 200


def test_where_nobody_listens_is_503_too(of_google: Google, settings: Any) -> None:
    settings.GOOGLE_CERTS_URL = "http://127.0.0.1:1/certs"
    assert sign_in(of_google.token()).status_code == 503


def test_in_a_browser_the_refresh_token_is_a_cookie(of_google: Google, account: Make) -> None:
    account("alice", email_verified=True)
    answer = sign_in(of_google.token(), cookie=True)
    assert "refresh" not in answer.json()
    assert answer.cookies["ems_refresh"]["httponly"]


def test_not_set_up_it_says_so(settings: Any, account: Make) -> None:
    assert settings.GOOGLE_CLIENT_ID == ""
    answer = sign_in(str(uuid.uuid4()))
    assert answer.status_code == 409
    assert "not set up" in answer.json()["detail"]
    assert APIClient().get("/api/auth/options").json() == {"google_client_id": None, "mail": False}
    settings.GOOGLE_CLIENT_ID = CLIENT_ID
    assert APIClient().get("/api/auth/options").json()["google_client_id"] == CLIENT_ID
