"""Through the real gateway: nobody can claim to be somebody, nothing internal is reached, and another application may ask
who is signed in."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import normpath
from typing import Any
from urllib.parse import unquote

import pytest

from auth_service.accounts.models import Account
from auth_service.tests.gateway import SERVICES, Echo, Gateway, echo, gateway
from auth_service.tokens.jwt import Access

CLAIMS = {
    "X-User-Id": "6f1a5c1e-6b52-5d0e-9a3c-3f1c1a4f0001",
    "x-user-name": "admin",
    "X-USER-ROLE": "admin",
    "X-Forwarded-User": "admin",
    "X-Auth-Request-User": "admin",
    "Remote-User": "admin",
    "X-Service": "auth",
}
PATHS = (
    "/", "/api/", "/api/auth/validate", "/api/auth/login", "/api/auth/register", "/api/users", "/api/v1/users/1",
    "/api/devices", "/api/devices/1/timeseries", "/api/mappings", "/api/monitoring/live", "/api/monitoring/dashboard",
    "/api/forecasts", "/api/users/1/export",
)  # fmt: skip
INTERNAL = (
    "/internal", "/internal/users", "/internal/users/1/export", "/api/internal/users", "/api/v1/internal/users",
    "//internal/users", "/./internal/users", "/api/../internal/users", "/api/users/../../internal/users",
    "/api/devices/%2e%2e/%2e%2e/internal/users", "/%69nternal/users", "/internal%2fusers", "/api/..%2finternal/users",
    "/api/devices/..%2f..%2finternal/users", "/internal/users/", "/internal?x=1", "/api//internal/users",
    "/api/devices/..;/..;/internal/users", "/api/devices\\..\\..\\internal/users",
)  # fmt: skip


@pytest.fixture(scope="module")
def services() -> Iterator[Echo]:
    with echo() as upstream:
        yield upstream


@pytest.fixture(scope="module")
def before_echo(services: Echo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """The gateway with an echo in place of every service."""
    with gateway(tmp_path_factory.mktemp("routes"), dict.fromkeys(SERVICES, services.url)) as ours:
        yield ours


@pytest.mark.parametrize("path", PATHS)
def test_a_header_that_claims_who_one_is_reaches_no_service(before_echo: Gateway, services: Echo, path: str) -> None:
    services.seen.clear()
    for method in ("GET", "POST", "DELETE"):
        assert before_echo.ask(method, path, CLAIMS).status == 200
    claimed = {name.lower() for name in CLAIMS}
    for request in services.seen:
        assert claimed.isdisjoint(name.lower() for name in request.headers)
    assert len(services.seen) == 3


@pytest.mark.parametrize("path", INTERNAL)
def test_nothing_internal_is_reached_however_it_is_written(before_echo: Gateway, services: Echo, path: str) -> None:
    services.seen.clear()
    before_echo.ask("GET", path)
    for request in services.seen:
        # However a server may read it: decoded, and with its dots resolved.
        arrived = normpath(unquote(request.path.partition("?")[0]))
        assert not re.match(r"/+(api/)?(v1/)?internal(/|$)", arrived), request.path


@pytest.mark.parametrize("path", ["/api/devices/a%2fb", "/api/devices/a%5cb", "/api/devices/a%00b"])
def test_a_path_that_two_servers_may_read_otherwise_is_refused(before_echo: Gateway, services: Echo, path: str) -> None:
    services.seen.clear()
    assert before_echo.ask("GET", path).status == 400
    assert services.seen == []


def test_internal_addresses_are_a_404_in_json(tmp_path: Path, live_server: Any) -> None:
    with gateway(tmp_path, {"AUTH": live_server.url}) as ours:
        answer = ours.ask("GET", "/internal/users")
    assert (answer.status, list(answer.json())) == (404, ["detail"])


@pytest.mark.django_db(transaction=True)
class TestAnotherApplication:
    """An operator's own application behind the middleware `signed-in`."""

    @pytest.fixture
    def app(self) -> Iterator[Echo]:
        with echo() as upstream:
            yield upstream

    @pytest.fixture
    def front(self, app: Echo, live_server: Any, tmp_path: Path) -> Iterator[Gateway]:
        routes = f"""
            http:
              routers:
                app:
                  rule: PathPrefix(`/app`)
                  priority: 2000
                  service: app
                  middlewares: [identity, signed-in]
              services:
                app:
                  loadBalancer:
                    servers: [{{url: "{app.url}"}}]
        """
        with gateway(tmp_path, {"AUTH": live_server.url}, routes=routes) as ours:
            yield ours

    @pytest.fixture
    def token(self, account: Callable[..., Account]) -> Callable[..., dict[str, str]]:
        """`token("alice", role="admin")`: the header that she sends."""

        def make(username: str, **fields: Any) -> dict[str, str]:
            return {"Authorization": f"Bearer {Access.of(account(username, **fields))}"}

        return make

    def test_it_is_told_who_asks_and_no_claim_gets_by(
        self, front: Gateway, app: Echo, token: Callable[..., dict[str, str]]
    ) -> None:
        headers = token("alice")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert front.ask(method, "/app/page?x=1", {**CLAIMS, **headers}, b"{}").status == 200
            request = app.seen.pop()
            assert (request.method, request.path, request.body) == (method, "/app/page?x=1", b"{}")
            told = {name: value for name, value in request.headers.items() if name.lower().startswith("x-user")}
            alice = Account.objects.get()
            assert told == {"X-User-Id": str(alice.pk), "X-User-Name": "alice", "X-User-Role": "client"}

    def test_a_name_beyond_ascii_is_percent_encoded(
        self, front: Gateway, app: Echo, token: Callable[..., dict[str, str]]
    ) -> None:
        assert front.ask("GET", "/app", token("Łucja+1")).status == 200
        name = app.seen.pop().headers["X-User-Name"]
        assert (name, unquote(name)) == ("%C5%81ucja+1", "Łucja+1")

    def test_who_is_not_signed_in_does_not_get_there(
        self, front: Gateway, app: Echo, token: Callable[..., dict[str, str]]
    ) -> None:
        gone = token("gone", is_active=False)
        for headers in ({}, CLAIMS, {"Authorization": "Bearer nonsense"}, gone):
            answer = front.ask("POST", "/app", headers)
            assert (answer.status, list(answer.json())) == (401, ["detail"])
            assert answer.headers["Www-Authenticate"] == 'Bearer realm="api"'
        assert app.seen == []
