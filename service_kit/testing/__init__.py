"""A pytest plugin: the cast, tokens that are really checked, events delivered as the broker would.

Alice owns, Bob shares, Charlie is refused, the admin administers.
"""

import http.server
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from rest_framework.test import APIClient

    from service_kit.auth import Caller
    from service_kit.events import Event

KID = "test-key"


def _person(name: str, role: str = "client") -> "Caller":
    from service_kit.auth import Caller

    return Caller(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.test"), name, role)


@pytest.fixture
def alice() -> "Caller":
    return _person("alice")


@pytest.fixture
def bob() -> "Caller":
    return _person("bob")


@pytest.fixture
def charlie() -> "Caller":
    return _person("charlie")


@pytest.fixture
def admin() -> "Caller":
    return _person("admin", "admin")


@pytest.fixture
def a_service() -> "Caller":
    """The caller that auth_service is when it speaks to a participant of a saga."""
    return _person("auth", "service")


@pytest.fixture(scope="session")
def signing_key() -> "RSAPrivateKey":
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class KeyServer:
    """A server that answers auth_service's JWKS request with the public halves of `keys` (by key id) and counts it."""

    def __init__(self, keys: "dict[str, RSAPrivateKey]") -> None:
        server = self
        self.keys, self.asked = keys, 0

        class Answer(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked += 1
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(server.answer())

            def log_message(self, *args: object) -> None:
                """Quiet: its requests say nothing about the service under test."""

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def answer(self) -> bytes:
        from jwt.algorithms import RSAAlgorithm

        keys = [
            {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "RS256"}
            for kid, key in self.keys.items()
        ]
        return json.dumps({"keys": keys}).encode()

    def __enter__(self) -> "KeyServer":
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="session")
def key_server(signing_key: "RSAPrivateKey") -> Iterator[str]:
    """The address of a server that answers auth_service's JWKS request with the test's public key."""
    with KeyServer({KID: signing_key}) as server:
        yield server.url


@pytest.fixture
def token_for(
    signing_key: "RSAPrivateKey", key_server: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., str]:
    """`token_for(alice, **claims)`: a signed access token; a claim set to None is left out."""
    import jwt

    from service_kit import auth

    settings.AUTH_URL = key_server
    monkeypatch.setattr(auth, "signing_keys", auth.SigningKeys())  # what another test fetched is forgotten

    def make(caller: "Caller", *, kid: str = KID, key: "RSAPrivateKey" = signing_key, **claims: Any) -> str:
        now = datetime.now(UTC)
        payload = {
            "sub": str(caller.id), "username": caller.username, "role": caller.role, "token_type": "access",
            "iat": now, "exp": now + timedelta(minutes=30), "jti": uuid.uuid4().hex,
            "iss": settings.TOKEN_ISSUER, "aud": settings.TOKEN_AUDIENCE, **claims,
        }  # fmt: skip
        kept = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(kept, key, algorithm=settings.TOKEN_ALGORITHM, headers={"kid": kid})

    return make


@pytest.fixture
def client_for(
    token_for: Callable[..., str],
) -> Callable[["Caller | None"], "APIClient"]:
    """`client_for(alice)`: an API client that carries Alice's token; `client_for(None)` carries none."""
    from rest_framework.test import APIClient

    def make(caller: "Caller | None") -> "APIClient":
        client = APIClient()
        if caller is not None:
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {token_for(caller)}")
        return client

    return make


@pytest.fixture
def deliver() -> "Callable[..., None]":
    """`deliver(event, version=3)`: what the consumer does with the event's message, without the queue between."""
    from django.conf import settings
    from django.utils.module_loading import import_string

    from service_kit.consumer import apply
    from service_kit.events import encode

    def make(event: "Event", *, version: int = 1) -> None:
        apply(
            encode(event, version=version),
            import_string(settings.HANDLERS),
            publisher=event.owner,
        )

    return make


@pytest.fixture
def tell_of(deliver: "Callable[..., None]") -> "Callable[..., None]":
    """`tell_of(alice, bob)`: the events of their accounts have arrived."""
    from service_kit.events import UserCreated

    def make(*callers: "Caller") -> None:
        for caller in callers:
            role: Any = caller.role
            email = f"{caller.username}@example.org"
            deliver(UserCreated(id=caller.id, username=caller.username, email=email, role=role, is_active=True))

    return make


@pytest.fixture
def traces(db: None) -> "Callable[..., list[str]]":
    """`traces("alice@example.org", ...)`: the tables of this service in which a row still says one of these, bytes included."""
    from django.db import connection

    def look(*words: str) -> list[str]:
        with connection.cursor() as cursor:
            found = []
            for table in connection.introspection.table_names(cursor):
                for word in words:
                    cursor.execute(
                        f'SELECT 1 FROM "{table}" row WHERE row::text ILIKE %s OR row::text LIKE %s LIMIT 1',
                        [f"%{word}%", f"%{word.encode().hex()}%"],
                    )
                    if cursor.fetchone():
                        found.append(f"{table}: {word}")
        return found

    return look


@pytest.fixture
def published() -> "Callable[[], list[Any]]":
    """`published()`: the envelopes that wait in the outbox, oldest first."""
    from service_kit.events import decode
    from service_kit.models import OutboxEvent

    return lambda: [decode(bytes(row.body)) for row in OutboxEvent.objects.order_by("id")]
