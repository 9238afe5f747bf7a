"""What anyone may ask for without a token, and that all else is closed."""

import uuid

import pytest

from tests.journeys.client import Api
from tests.journeys.conftest import Person

PREFIXES = ("auth", "users", "devices", "monitoring", "forecasts")

CLOSED = (
    ("GET", "/api/auth/validate"),
    ("GET", "/api/auth/users"),
    ("GET", "/api/users"),
    ("GET", "/api/users/00000000-0000-4000-8000-000000000001"),
    ("GET", "/api/devices"),
    ("POST", "/api/devices"),
    ("GET", "/api/devices/00000000-0000-4000-8000-000000000001"),
    ("GET", "/api/mappings"),
    ("POST", "/api/mappings/assign"),
    ("GET", "/api/plants"),
    ("GET", "/api/categories"),
    ("GET", "/api/tariffs"),
    ("GET", "/api/monitoring/devices"),
    ("GET", "/api/monitoring/users"),
    ("GET", "/api/monitoring/hourly/daily?device_id=00000000-0000-4000-8000-000000000001&date=2026-01-31"),
    ("GET", "/api/monitoring/hourly/range"),
    ("GET", "/api/monitoring/measurements"),
    ("GET", "/api/monitoring/live"),
    ("GET", "/api/forecasts?device_id=00000000-0000-4000-8000-000000000001"),
)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_health_schema_and_docs_are_for_anyone(anyone: Api, prefix: str) -> None:
    anyone.get(f"/api/{prefix}/health")
    schema = anyone.http.get(f"/api/{prefix}/schema/", headers={"Accept": "application/json"})
    docs = anyone.http.get(f"/api/{prefix}/docs/")

    assert schema.status_code == 200, schema.text
    assert schema.json()["openapi"].startswith("3.")
    assert schema.json()["paths"]
    assert docs.status_code == 200, docs.text
    assert "swagger" in docs.text.lower()


@pytest.mark.parametrize("path", ["/api/", "/api/docs/"])
def test_the_welcome_names_every_service(anyone: Api, path: str) -> None:
    answer = anyone.http.get(path)

    assert answer.status_code == 200, answer.text
    assert all(f"/api/{prefix}/" in answer.text for prefix in PREFIXES), answer.text[:2000]


def test_the_welcome_says_name_and_version(anyone: Api) -> None:
    assert {"name", "version"} <= set(anyone.get("/api/"))


@pytest.mark.parametrize(("method", "path"), CLOSED)
@pytest.mark.parametrize("token", ["", "not-a-token"])
def test_all_else_needs_a_token(gateway_url: str, method: str, path: str, token: str) -> None:
    answer = Api(gateway_url, token=token).call(method, path, {} if method == "POST" else None, expect=401)

    assert answer["detail"]


@pytest.mark.parametrize("path", ["/internal/users", "/internal/", "/api/v1/internal/users", "/api/internal/users"])
def test_what_services_say_to_each_other_is_not_reachable(admin: Person, path: str) -> None:
    for caller in (admin.api, Api(str(admin.api.http.base_url))):
        for method in ("GET", "POST"):
            answer = caller.http.request(method, path, json={} if method == "POST" else None)
            assert answer.status_code == 404, f"{method} {path}: {answer.status_code} {answer.text[:300]}"


def test_identity_headers_from_outside_open_nothing(gateway_url: str) -> None:
    caller = Api(gateway_url)
    caller.http.headers.update({"X-User-Id": "1", "X-User-Role": "admin", "X-Forwarded-User": "admin"})

    caller.get("/api/devices", expect=401)


@pytest.mark.parametrize("path", ["/api/devices", "/api/devices/", "/api/v1/devices", "/api/v1/devices/"])
def test_paths_work_with_and_without_slash_and_version(alice: Person, path: str) -> None:
    assert "results" in alice.api.get(path)


def test_every_answer_has_a_request_id(anyone: Api) -> None:
    assert anyone.http.get("/api/auth/validate").headers["X-Request-ID"]
    kept = anyone.http.get("/api/auth/validate", headers={"X-Request-ID": "journey-42"})
    assert kept.headers["X-Request-ID"] == "journey-42"


def test_an_unknown_api_address_is_404_in_json(alice: Person) -> None:
    assert alice.api.get("/api/devices/none/such/address", expect=404)["detail"]


def test_a_body_may_come_in_chunks(anyone: Api, alice: Person) -> None:
    body = f'{{"username": "{alice.username}", "password": "{alice.password}"}}'.encode()
    answer = anyone.http.post(
        "/api/auth/login", content=iter([body[:9], body[9:]]), headers={"Content-Type": "application/json"}
    )

    assert answer.status_code == 200, answer.text


def test_a_question_may_name_many_devices(alice: Person) -> None:
    unknown = [str(uuid.uuid4()) for _ in range(200)]
    span = {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z"}

    assert alice.api.get("/api/monitoring/hourly/range", device_id=unknown, **span, expect=404)["detail"]
    assert alice.api.get("/api/forecasts", device_ids=",".join(unknown), expect=404)["detail"]


def test_everything_else_is_the_dashboard(anyone: Api) -> None:
    for path in ("/", "/devices/some-page"):
        answer = anyone.http.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        assert "<div id=" in answer.text
    assert anyone.http.get("/assets/none-such.js").status_code == 404
