"""Who gets which answer: every method of every route of a service, by every kind of caller, held against a table.

The table is the service's `tests/access.txt`, a line for each method of each route, with the JSON body to send at its end:

    method path                       nobody other owner service admin
    PATCH  /api/devices/{device}        401   403   403     403   200  {"name": "Other"}

`{device}` is filled in from the service's fixture `ids`, which makes what is Alice's; she is the owner, Charlie the other.
Methods that a view does not have, HEAD, OPTIONS and bad tokens need no line: what they must answer follows from the others.
"""

import json
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

if TYPE_CHECKING:
    from django.http import HttpResponse
    from rest_framework.test import APIClient

    from service_kit.auth import Caller

CALLERS = ("nobody", "other", "owner", "service", "admin")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
Ids = dict[str, str]
ClientFor = Callable[["Caller | None"], "APIClient"]
TokenFor = Callable[..., str]


@dataclass(frozen=True)
class Row:
    """One method of one address: the status that each of CALLERS gets."""

    method: str
    path: str
    expected: dict[str, int]
    body: str

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def is_closed(self) -> bool:
        return self.expected["nobody"] == 401

    def send(self, client: "APIClient", ids: Ids, *, method: str = "", query: str = "") -> "HttpResponse":
        """The answer; what the request changed is taken back, so that each caller finds the same."""
        from django.db import transaction

        path = _filled(self.path, ids)
        path += f"{'&' if '?' in path else '?'}{query}" if query else ""
        body = json.loads(_filled(self.body, ids)) if self.body else None
        with transaction.atomic():
            answer = getattr(client, (method or self.method).lower())(path, body)
            transaction.set_rollback(True)
        return answer


def _filled(text: str, ids: Ids) -> str:
    return re.sub(r"\{(\w+)\}", lambda name: str(ids[name[1]]), text)


@cache
def read_table(table: Path) -> list[Row]:
    """The rows of the table. Raises ValueError for a line that is none."""
    rows = []
    header, *lines = (line for line in table.read_text().splitlines() if line.strip() and not line.startswith("#"))
    if header.split() != ["method", "path", *CALLERS]:
        raise ValueError(f"{table}: the first line must be: method path {' '.join(CALLERS)}")
    for line in lines:
        method, path, *rest = line.split(maxsplit=2 + len(CALLERS))
        statuses, body = rest[: len(CALLERS)], "".join(rest[len(CALLERS) :])
        rows.append(Row(method, path, dict(zip(CALLERS, map(int, statuses), strict=True)), body))
    return rows


def routes() -> Iterator[tuple[str, set[str] | None]]:
    """Every route that Django resolves, as it is written, with the methods of its view (None: a function, which does not say)."""
    from django.urls import URLPattern, URLResolver, get_resolver

    def walk(patterns: Any, before: str) -> Iterator[tuple[str, set[str] | None]]:
        for each in patterns:
            route = before + str(each.pattern)
            if isinstance(each, URLResolver):
                yield from walk(each.url_patterns, route)
            elif isinstance(each, URLPattern):
                view = getattr(each.callback, "cls", None) or getattr(each.callback, "view_class", None)
                yield route, _methods(view) if view else None

    yield from walk(get_resolver().url_patterns, "")


def _methods(view: Any) -> set[str]:
    return {name for name in METHODS if name.lower() in view.http_method_names and hasattr(view, name.lower())}


def route_of(row: Row) -> str:
    """The route that the row's address leads to. Raises Resolver404."""
    from django.urls import Resolver404, resolve

    path = row.path.partition("?")[0]
    try:
        return resolve(re.sub(r"\{\w+\}", str(uuid.UUID(int=0)), path)).route
    except Resolver404:
        return resolve(re.sub(r"\{\w+\}", "1", path)).route


@pytest.mark.django_db
class AccessMatrix:
    """A service's test class derives from this and names its `table`."""

    table: ClassVar[Path]

    @property
    def rows(self) -> list[Row]:
        return read_table(self.table)

    @pytest.fixture
    def clients(
        self, client_for: ClientFor, charlie: "Caller", alice: "Caller", a_service: "Caller", admin: "Caller"
    ) -> dict[str, "APIClient"]:
        who = (None, charlie, alice, a_service, admin)
        return {name: client_for(caller) for name, caller in zip(CALLERS, who, strict=True)}

    def test_each_caller_gets_its_answer(self, ids: Ids, clients: dict[str, "APIClient"]) -> None:
        wrong: dict[str, Any] = {}
        for row in self.rows:
            answers = {name: row.send(client, ids) for name, client in clients.items()}
            for name, answer in answers.items():
                if answer.status_code != row.expected[name]:
                    wrong[f"{row} by {name}"] = (answer.status_code, getattr(answer, "content", b"")[:300])
                elif answer.status_code >= 400 and answer["Content-Type"] != "application/json":
                    wrong[f"{row} by {name}"] = answer["Content-Type"]
        assert wrong == {}

    def test_a_token_that_is_not_good_lets_nobody_in(
        self, ids: Ids, client_for: ClientFor, token_for: TokenFor, admin: "Caller"
    ) -> None:
        good, past = token_for(admin), datetime.now(UTC) - timedelta(minutes=5)
        bad = {
            "expired": token_for(admin, exp=past),
            "a refresh token": token_for(admin, token_type="refresh"),
            "of another issuer": token_for(admin, iss="somebody"),
            "for another audience": token_for(admin, aud="something"),
            "of an unknown key": token_for(admin, kid="unknown"),
            "tampered with": good[:-8] + good[-8:][::-1],
        }
        let_in = []
        for row in self.rows:
            as_nobody = {401, row.expected["nobody"]}
            for what, token in bad.items():
                client = client_for(None)
                client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
                if row.send(client, ids).status_code not in as_nobody:
                    let_in.append(f"{row} with a token {what}")
            in_query = row.send(client_for(None), ids, query=f"token={good}&access_token={good}&jwt={good}")
            if in_query.status_code not in as_nobody:
                let_in.append(f"{row} with a token in the address")
        assert let_in == []

    @property
    def by_route(self) -> dict[str, list[Row]]:
        found: dict[str, list[Row]] = {}
        for row in self.rows:
            found.setdefault(route_of(row), []).append(row)
        return found

    def test_every_method_of_every_route_has_a_row(self) -> None:
        listed = {(route, row.method) for route, rows in self.by_route.items() for row in rows}
        there = set()
        for route, methods in routes():
            # Of a function at least one method must be listed; what else it takes, the next test finds.
            known = {method for of, method in listed if of == route} or {"any method"}
            there |= {(route, method) for method in (known if methods is None else methods)}
        assert there - listed == set(), f"add these to {self.table.name}"
        assert listed - there == set(), f"{self.table.name} has rows of nothing"

    def test_other_methods_open_nothing(self, ids: Ids, clients: dict[str, "APIClient"]) -> None:
        for rows in self.by_route.values():
            for method in set(METHODS) - {row.method for row in rows}:
                statuses = {n: rows[0].send(client, ids, method=method).status_code for n, client in clients.items()}
                assert statuses.pop("nobody") in {401, 405}, f"{method} {rows[0].path}"
                assert set(statuses.values()) <= {403, 405}, f"{method} {rows[0].path}"

    def test_head_is_get_and_options_tells_nobody_of_what_is_closed(
        self, ids: Ids, clients: dict[str, "APIClient"]
    ) -> None:
        for row in self.rows:
            if row.method == "GET":
                head = {name: row.send(client, ids, method="HEAD").status_code for name, client in clients.items()}
                assert head == row.expected, row.path
            assert row.send(clients["admin"], ids, method="OPTIONS").status_code in {200, 403, 405}, row.path
        for rows in self.by_route.values():
            if all(row.is_closed for row in rows):
                assert rows[0].send(clients["nobody"], ids, method="OPTIONS").status_code == 401, rows[0].path


class CopiedUsers(AccessMatrix):
    """For a service that has copies of the users: a token counts only as far as the copy says."""

    def row_where(self, owner: set[int]) -> Row:
        """A GET that an admin may, and that answers Alice with one of these."""
        for row in self.rows:
            if (
                row.method == "GET"
                and row.is_closed
                and row.expected["admin"] == 200
                and row.expected["owner"] in owner
            ):
                return row
        raise LookupError(f"{self.table.name} has no GET that an admin may and that gives its owner one of {owner}")

    @pytest.fixture
    def tell(self, ids: Ids, deliver: Callable[..., None]) -> Callable[..., None]:
        """`tell(alice, 2, is_active=False)`: auth_service's event has arrived."""
        from service_kit.events import UserDeleted, UserUpdated

        def make(caller: "Caller", version: int, *, deleted: bool = False, **changed: Any) -> None:
            state = {"username": caller.username, "email": f"{caller.username}@example.org", "role": caller.role}
            event = UserUpdated(**{"id": caller.id, **state, "is_active": True, **changed})
            deliver(UserDeleted(id=caller.id) if deleted else event, version=version)

        return make

    def test_a_deactivated_or_deleted_users_token_is_refused_once_that_is_known(
        self, tell: Callable[..., None], ids: Ids, client_for: ClientFor, alice: "Caller"
    ) -> None:
        row, client = self.row_where({200}), client_for(alice)
        assert row.send(client, ids).status_code == 200
        tell(alice, 2, is_active=False)
        assert row.send(client, ids).status_code == 401
        tell(alice, 3)
        assert row.send(client, ids).status_code == 200
        tell(alice, 5, deleted=True)
        tell(alice, 4)
        assert row.send(client, ids).status_code == 401

    def test_somebody_whose_event_has_not_arrived_is_not_refused(
        self, ids: Ids, client_for: ClientFor, admin: "Caller"
    ) -> None:
        from service_kit.auth import Caller

        new = Caller(uuid.uuid4(), "new", "admin")
        assert self.row_where({200}).send(client_for(new), ids).status_code == 200

    def test_the_role_that_counts_is_the_copys(
        self, tell: Callable[..., None], ids: Ids, client_for: ClientFor, alice: "Caller", admin: "Caller"
    ) -> None:
        row = self.row_where({403, 404})
        tell(alice, 2, role="admin")
        tell(admin, 2, role="client")
        assert row.send(client_for(alice), ids).status_code == 200
        assert row.send(client_for(admin), ids).status_code in {403, 404}
