"""A stack that runs somewhere, and the people who use it.

GATEWAY_URL and METER_AMQP_URL say where it is; without them these tests are skipped. They make accounts and devices
of their own, so they may run against a stack with data, again and again.
"""

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.journeys.client import Api, wait_for

PASSWORD = "correct-horse-7-battery"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--screenshot",
        type=Path,
        help="where the browser journey puts its picture of a device's day (the README's: docs/screenshots/device-day.png)",
    )


@dataclass(frozen=True)
class Person:
    """An account with a caller that carries its access token."""

    id: str
    username: str
    password: str
    api: Api
    refresh: str = ""


@pytest.fixture(scope="session")
def gateway_url() -> str:
    url = os.environ.get("GATEWAY_URL", "")
    if not url:
        pytest.skip("GATEWAY_URL is not set: no stack to travel through")
    return url


@pytest.fixture(scope="session")
def meter_amqp_url() -> str:
    url = os.environ.get("METER_AMQP_URL", "")
    if not url:
        pytest.skip("METER_AMQP_URL is not set: no broker to send readings to")
    return url


@pytest.fixture(scope="session")
def anyone(gateway_url: str) -> Api:
    """A caller without a token."""
    return Api(gateway_url)


@pytest.fixture(scope="session")
def admin(gateway_url: str, anyone: Api) -> Person:
    """ADMIN_USERNAME and ADMIN_PASSWORD, by default the demo's admin."""
    username = os.environ.get("ADMIN_USERNAME", "admin")
    password = os.environ.get("ADMIN_PASSWORD", "admin123")
    signed_in = wait_for(
        "the admin can sign in",
        lambda: anyone.post("/api/auth/login", {"username": username, "password": password}),
    )
    return Person(
        signed_in["user"]["id"], username, password, Api(gateway_url, token=signed_in["access"]), signed_in["refresh"]
    )


def registered(anyone: Api, body: dict[str, Any]) -> dict[str, Any]:
    """The account of an application, however long its saga takes."""
    answer: dict[str, Any] = anyone.post("/api/auth/register", body, expect=(201, 202))
    if "status_url" not in answer:
        return answer
    return wait_for(
        f"the registration of {body['username']} completes",
        lambda: (found := anyone.get(answer["status_url"], expect=(201, 202))).get("user") and found,
    )


@pytest.fixture(scope="session")
def register(gateway_url: str, anyone: Api) -> Callable[[str], Person]:
    """`register("Alice")`: a new account, made the way a person makes one."""

    def make(first_name: str) -> Person:
        username = f"{first_name.lower()}-{uuid.uuid4().hex[:8]}"
        body = {
            "username": username,
            "email": f"{username}@example.org",
            "password": PASSWORD,
            "first_name": first_name,
            "last_name": "Journey",
        }
        answer = registered(anyone, body)
        return Person(
            answer["user"]["id"], username, PASSWORD, Api(gateway_url, token=answer["access"]), answer["refresh"]
        )

    return make


@pytest.fixture(scope="session")
def alice(register: Callable[[str], Person]) -> Person:
    return register("Alice")


@pytest.fixture(scope="session")
def bob(register: Callable[[str], Person]) -> Person:
    return register("Bob")


@pytest.fixture(scope="session")
def charlie(register: Callable[[str], Person]) -> Person:
    return register("Charlie")


MakeDevice = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def make_device(admin: Person) -> MakeDevice:
    """`make_device("Kitchen", owner=alice, kind="production")`: a device that monitoring already knows."""

    def make(name: str, *, owner: Person | None = None, **fields: Any) -> dict[str, Any]:
        body = {
            "name": name,
            "description": "made by a journey",
            "kind": "consumption",
            "reading": "interval_kwh",
            "interval_seconds": 600,
            "max_consumption": 10,
            **fields,
        }
        device = admin.api.post("/api/devices", body, expect=201)
        if owner is not None:
            admin.api.post("/api/mappings/assign", {"device_id": device["id"], "user_id": owner.id}, expect=(200, 201))
        # Monitoring keeps no more than 1,000 readings of a device that it does not know.
        viewer = (owner or admin).api
        wait_for(
            f"the device {device['id']} arrives in monitoring",
            lambda: any(known["id"] == device["id"] for known in viewer.every("/api/monitoring/devices")),
        )
        return device

    return make


@pytest.fixture(scope="session")
def screenshot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = (
        request.config.getoption("--screenshot", default=None)
        or tmp_path_factory.mktemp("screenshots") / "device-day.png"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(path)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """The system's Chromium (CHROMIUM: another path)."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"],
        )
        yield chromium
        chromium.close()
