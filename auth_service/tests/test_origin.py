"""Whose address counts, and what a page from elsewhere may do."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.audit.models import AuditEntry
from auth_service.tests.gateway import gateway

ELSEWHERE = "https://evil.example"


@pytest.mark.django_db(transaction=True)
def test_behind_the_real_gateway_an_address_that_a_client_claims_does_not_count(
    account: Callable[..., Account], live_server: Any, settings: Any, tmp_path: Path
) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "login": (3, 60)}
    account("alice")
    body = json.dumps({"username": "alice", "password": "correct horse battery"}).encode()
    statuses = []
    with gateway(tmp_path, {"AUTH": live_server.url}) as front:
        for number in range(4):
            address = f"203.0.113.{number}"
            claimed = {"X-Forwarded-For": address, "X-Real-Ip": address, "Forwarded": f"for={address}"}
            headers = {"Content-Type": "application/json", **claimed}
            statuses.append(front.ask("POST", "/api/auth/login", headers, body).status)
    assert statuses == [200, 200, 200, 429]
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"127.0.0.1"}


@pytest.mark.django_db
def test_without_a_gateway_the_connection_has_the_address() -> None:
    APIClient(REMOTE_ADDR="198.51.100.2").post("/api/auth/login", {"username": "nobody", "password": "x"})
    assert AuditEntry.objects.get().address == "198.51.100.2"


@pytest.mark.django_db
def test_an_address_that_is_none_is_not_kept() -> None:
    client = APIClient(REMOTE_ADDR="198.51.100.2", HTTP_X_FORWARDED_FOR="'; DROP TABLE")
    assert client.post("/api/auth/login", {"username": "nobody", "password": "x"}).status_code == 401
    assert AuditEntry.objects.get().address is None


def preflight(client: APIClient, origin: str) -> Any:
    return client.options(
        "/api/auth/login",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )


@pytest.mark.django_db
def test_a_page_from_elsewhere_may_read_nothing() -> None:
    client = APIClient()
    asked = client.get("/api/auth/health", headers={"Origin": ELSEWHERE})
    for answer in (preflight(client, ELSEWHERE), asked):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-allow")]


@pytest.mark.django_db
def test_a_page_of_a_named_origin_may(settings: Any) -> None:
    settings.CORS_ALLOWED_ORIGINS = ["https://app.example.org"]
    client = APIClient()
    allowed = preflight(client, "https://app.example.org")
    assert allowed["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert "POST" in allowed["Access-Control-Allow-Methods"]
    assert "authorization" in allowed["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in preflight(client, ELSEWHERE).headers
