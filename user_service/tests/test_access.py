"""Who gets which answer: Alice about herself, Charlie about Alice, the admin about everybody, services in a saga only."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from service_kit.auth import Caller
from user_service.config.urls import urlpatterns

NAMES = {"first_name": "Alice", "last_name": "Bianchi"}

# method, path, body; the answers to: nobody, Charlie, Alice, a service, the admin
MATRIX: list[tuple[str, str, Any, int, int, int, int, int]] = [
    ("get", "/api/users", None, 401, 403, 403, 403, 200),
    ("post", "/api/users", {}, 401, 403, 403, 400, 403),
    ("get", "/api/users/{alice}", None, 401, 404, 200, 403, 200),
    ("put", "/api/users/{alice}", NAMES, 401, 404, 200, 403, 200),
    ("patch", "/api/users/{alice}", NAMES, 401, 404, 200, 403, 200),
    ("delete", "/api/users/{alice}/rollback", {}, 401, 403, 403, 400, 403),
    ("put", "/internal/users/{alice}", {}, 401, 403, 403, 400, 403),
    ("delete", "/internal/users/{alice}", {}, 401, 403, 403, 204, 403),
    ("get", "/api/users/health", None, 200, 200, 200, 200, 200),
    ("get", "/api/users/schema", None, 200, 200, 200, 200, 200),
    ("get", "/api/users/docs", None, 200, 200, 200, 200, 200),
]


@pytest.mark.parametrize("slash", ["", "/"], ids=["plain", "slash"])
@pytest.mark.parametrize(
    ("method", "path", "body", "nobody", "by_charlie", "by_alice", "by_service", "by_admin_"), MATRIX
)
def test_each_caller_gets_its_answer(
    cast: None, client_for: Callable[..., APIClient], alice: Caller, charlie: Caller, admin: Caller, a_service: Caller,
    method: str, path: str, body: Any, nobody: int, by_charlie: int, by_alice: int, by_service: int, by_admin_: int,
    slash: str,
) -> None:  # fmt: skip
    url = path.format(alice=alice.id) + slash
    callers = [(None, nobody), (charlie, by_charlie), (alice, by_alice), (a_service, by_service), (admin, by_admin_)]
    for caller, expected in callers:
        answer = getattr(client_for(caller), method)(url, body)
        assert answer.status_code == expected, f"{method} {url} by {caller}: {answer.content[:300]!r}"
        if expected >= 400:
            assert answer["Content-Type"] == "application/json"


def test_every_route_is_in_the_matrix() -> None:
    def shape(path: str) -> tuple[str, ...]:
        return tuple("*" if part[:1] in "{<" else part for part in path.strip("/").split("/"))

    assert {shape(str(route.pattern)) for route in urlpatterns} == {shape(path) for _, path, *_ in MATRIX}
