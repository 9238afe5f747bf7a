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
def signing_key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="session")
def key_server(signing_key: Any) -> Iterator[str]:
    """The address of a server that answers auth_service's JWKS request with the test's public key."""
    import jwt

    jwk = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(signing_key.public_key()))
    body = json.dumps({"keys": [{**jwk, "kid": KID, "use": "sig", "alg": "RS256"}]}).encode()

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Quiet: its requests say nothing about the service under test."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def token_for(signing_key: Any, key_server: str, settings: Any) -> Callable[..., str]:
    """`token_for(alice, **claims)`: a signed access token; a claim set to None is left out."""
    import jwt

    from service_kit import auth

    settings.AUTH_URL = key_server
    auth.signing_keys._asked = float("-inf")

    def make(caller: "Caller", *, kid: str = KID, **claims: Any) -> str:
        now = datetime.now(UTC)
        payload = {
            "sub": str(caller.id), "username": caller.username, "role": caller.role, "token_type": "access",
            "iat": now, "exp": now + timedelta(minutes=30), "jti": uuid.uuid4().hex,
            "iss": settings.TOKEN_ISSUER, "aud": settings.TOKEN_AUDIENCE, **claims,
        }  # fmt: skip
        kept = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(kept, signing_key, algorithm=settings.TOKEN_ALGORITHM, headers={"kid": kid})

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
def published() -> "Callable[[], list[Any]]":
    """`published()`: the envelopes that wait in the outbox, oldest first."""
    from service_kit.events import decode
    from service_kit.models import OutboxEvent

    return lambda: [decode(bytes(row.body)) for row in OutboxEvent.objects.order_by("id")]
