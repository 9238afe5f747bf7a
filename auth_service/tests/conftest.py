import http.server
import json
import re
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.contrib.auth.hashers import make_password
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.tokens import keys
from service_kit.testing import KID


def statements(queries: Iterable[dict[str, str]]) -> list[str]:
    """What was asked of the database: verb and table, without the values."""
    return [re.sub(r'"s\d+_x\d+"', "", query["sql"])[:40] for query in queries]


class Participants:
    """The other services as a saga or an export meets them: a real HTTP server whose answers a test scripts.

    `answers[(method, path start)]` is a list of statuses to give in turn, the last one for ever; default 201, 200 and 204.
    `None` for a status drops the connection without an answer, "cut" in the middle of one. `before_answer` is called while a request is on its way.
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.answers: dict[str, list[int | str | None]] = {}
        self.tokens: list[str] = []
        self.before_answer: Callable[[], object] | None = None

    def status(self, call: str) -> int | str | None:
        for start, statuses in self.answers.items():
            if call.startswith(start):
                return statuses.pop(0) if len(statuses) > 1 else statuses[0]
        return {"POST": 201, "PUT": 200, "GET": 200}.get(call.split()[0], 204)

    def made(self) -> list[str]:
        """The calls so far, ids left out."""
        return [f"{method} {re.sub(r'[0-9a-f-]{36}', ':id', path)}" for method, path, _ in self.calls]

    def serve(self) -> http.server.ThreadingHTTPServer:
        participants = self

        class Answer(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
                participants.calls.append((self.command, self.path, body))
                participants.tokens.append(self.headers["Authorization"].partition(" ")[2])
                if participants.before_answer is not None:
                    participants.before_answer()
                status = participants.status(f"{self.command} {self.path}")
                if status is None:
                    self.connection.close()
                    return
                told = {"asked": self.path} if self.command == "GET" else {"detail": "scripted", "version": 2}
                content = b"" if status == 204 else json.dumps(told).encode()
                self.send_response(200 if status == "cut" else int(status))
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content) + (status == "cut")))
                with suppress(BrokenPipeError):  # whoever asked did not wait for it
                    self.end_headers()
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = answer

            def log_message(self, *args: object) -> None:
                """Quiet: the test reads `calls`."""

        return http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)


@pytest.fixture
def participants(settings: Any) -> Iterator[Participants]:
    them = Participants()
    server = them.serve()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("USER_URL", "DEVICE_URL", "MONITORING_URL", "FORECAST_URL"):
        setattr(settings, name, f"http://127.0.0.1:{server.server_port}")
    yield them
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """A test with transactions of its own ends by truncating every table, which the audit refuses."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_truncate")


@pytest.fixture(autouse=True)
def own_keys(settings: Any, tmp_path: Path, signing_key: RSAPrivateKey) -> None:
    """This service signs with the key that the kit's `token_for` signs with."""
    settings.KEY_DIR = str(tmp_path / "keys")
    keys.store_key(signing_key, kid=KID)


@cache
def hashed() -> str:
    """Hashing is slow on purpose: once is enough for all of these."""
    return make_password("correct horse battery")


@pytest.fixture
def account() -> Callable[..., Account]:
    """`account("alice")`: an active account whose password is "correct horse battery"."""

    def make(username: str, **fields: Any) -> Account:
        values = {"id": uuid.uuid4(), "email": f"{username}@example.org", "state": "active", "password": hashed()}
        return Account.objects.create(username=username, **{**values, **fields})

    return make


@pytest.fixture
def signed_in() -> Callable[[Account], APIClient]:
    """`signed_in(account)`: a client with that account's own access token."""
    from auth_service.tokens.jwt import Access

    def make(account: Account) -> APIClient:
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {Access.of(account)}")
        return client

    return make
