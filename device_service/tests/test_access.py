"""Who gets which answer: Alice owns, Bob shares, Charlie is refused, the admin administers, nobody else gets in."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.config.urls import urlpatterns
from device_service.devices.models import Device
from service_kit.auth import Caller

NEW_TARIFF = {"name": "Flat", "rates": [{"price_per_kwh": 0.3}]}

# method, path, body; the answers to: nobody, Charlie, Alice, a service, the admin
MATRIX: list[tuple[str, str, Any, int, int, int, int, int]] = [
    ("get", "/api/devices", None, 401, 200, 200, 403, 200),
    ("post", "/api/devices", {"name": "New"}, 401, 403, 403, 403, 201),
    ("get", "/api/devices/{device}", None, 401, 404, 200, 403, 200),
    ("put", "/api/devices/{device}", {"name": "Other"}, 401, 403, 403, 403, 200),
    ("patch", "/api/devices/{device}", {"name": "Other"}, 401, 403, 403, 403, 200),
    ("delete", "/api/devices/{device}", None, 401, 403, 403, 403, 204),
    ("post", "/api/devices/{device}/credentials", None, 401, 403, 403, 403, 201),
    ("delete", "/api/devices/{device}/credentials", None, 401, 403, 403, 403, 204),
    ("get", "/api/devices/{device}/meter-change", None, 401, 403, 403, 403, 200),
    ("post", "/api/devices/{device}/meter-change", {}, 401, 403, 403, 403, 400),
    ("get", "/api/categories", None, 401, 200, 200, 403, 200),
    ("post", "/api/categories", {"name": "New"}, 401, 403, 403, 403, 201),
    ("get", "/api/categories/{category}", None, 401, 200, 200, 403, 200),
    ("put", "/api/categories/{category}", {"name": "Other"}, 401, 403, 403, 403, 200),
    ("patch", "/api/categories/{category}", {"name": "Other"}, 401, 403, 403, 403, 200),
    ("delete", "/api/categories/{category}", None, 401, 403, 403, 403, 204),
    ("get", "/api/plants", None, 401, 200, 200, 403, 200),
    ("post", "/api/plants", {"name": "New"}, 401, 403, 403, 403, 201),
    ("get", "/api/plants/{plant}", None, 401, 404, 200, 403, 200),
    ("put", "/api/plants/{plant}", {"name": "Other"}, 401, 403, 403, 403, 200),
    ("patch", "/api/plants/{plant}", {"name": "Other"}, 401, 403, 403, 403, 200),
    ("delete", "/api/plants/{plant}", None, 401, 403, 403, 403, 409),
    ("get", "/api/plants/{plant}/devices", None, 401, 404, 200, 403, 200),
    ("get", "/api/tariffs", None, 401, 200, 200, 403, 200),
    ("post", "/api/tariffs", NEW_TARIFF, 401, 403, 403, 403, 201),
    ("get", "/api/tariffs/{tariff}", None, 401, 404, 200, 403, 200),
    ("put", "/api/tariffs/{tariff}", NEW_TARIFF, 401, 403, 403, 403, 200),
    ("patch", "/api/tariffs/{tariff}", {"name": "Other"}, 401, 403, 403, 403, 200),
    ("delete", "/api/tariffs/{tariff}", None, 401, 403, 403, 403, 409),
    ("get", "/api/mappings", None, 401, 403, 403, 403, 200),
    ("post", "/api/mappings/assign", {"device_id": "{device}", "user_id": "{bob}"}, 401, 403, 403, 403, 201),
    ("delete", "/api/mappings/unassign/{device}?user_id={alice}", None, 401, 403, 403, 403, 204),
    ("get", "/api/mappings/user/{alice}/devices", None, 401, 404, 200, 403, 200),
    ("post", "/internal/users", {}, 401, 403, 403, 400, 403),
    ("delete", "/internal/users/{alice}/rollback", {}, 401, 403, 403, 400, 403),
    ("delete", "/internal/users/{alice}", {}, 401, 403, 403, 204, 403),
    ("get", "/api/devices/health", None, 200, 200, 200, 200, 200),
    ("get", "/api/devices/schema", None, 200, 200, 200, 200, 200),
    ("get", "/api/devices/docs", None, 200, 200, 200, 200, 200),
]


@pytest.fixture
def house(
    by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any], alice: Caller, bob: Caller
) -> dict[str, str]:
    """A device of Alice's in a plant with a tariff; a category that no device carries."""
    tariff = by_admin.post("/api/tariffs", NEW_TARIFF).data["id"]
    plant = by_admin.post("/api/plants", {"name": "Home", "tariff": tariff}).data["id"]
    category = by_admin.post("/api/categories", {"name": "Cooking"}).data["id"]
    device = make_device(plant=plant)
    assign(device, alice)
    ids = {
        "device": device.pk,
        "plant": plant,
        "tariff": tariff,
        "category": category,
        "alice": alice.id,
        "bob": bob.id,
    }
    return {name: str(value) for name, value in ids.items()}


@pytest.mark.parametrize("slash", ["", "/"], ids=["plain", "slash"])
@pytest.mark.parametrize(
    ("method", "path", "body", "nobody", "by_charlie", "by_alice", "by_service", "by_admin_"), MATRIX
)
def test_each_caller_gets_its_answer(
    house: dict[str, str], client_for: Callable[..., APIClient], alice: Caller, charlie: Caller, admin: Caller,
    a_service: Caller, method: str, path: str, body: Any, nobody: int, by_charlie: int, by_alice: int, by_service: int,
    by_admin_: int, slash: str,
) -> None:  # fmt: skip
    where, _, query = path.format(**house).partition("?")
    url = f"{where}{slash}" + (f"?{query}" if query else "")
    data = {k: v.format(**house) if isinstance(v, str) else v for k, v in body.items()} if body is not None else None
    callers = [(None, nobody), (charlie, by_charlie), (alice, by_alice), (a_service, by_service), (admin, by_admin_)]
    for caller, expected in callers:
        answer = getattr(client_for(caller), method)(url, data)
        assert answer.status_code == expected, f"{method} {url} by {caller}: {answer.content[:300]!r}"
        if expected >= 400:
            assert answer["Content-Type"] == "application/json"


def test_every_route_is_in_the_matrix() -> None:
    def shape(path: str) -> list[str]:
        return ["*" if part[:1] in "{<" else part for part in path.partition("?")[0].strip("/").split("/")]

    routes = {tuple(shape(str(route.pattern))) for route in urlpatterns}
    assert routes == {tuple(shape(path)) for _, path, *_ in MATRIX}


def test_a_client_that_became_admin_acts_as_one_whatever_its_token_says(
    cast: None, client_for: Callable[..., APIClient], deliver: Callable[..., None], alice: Caller
) -> None:
    from service_kit.events import UserUpdated

    client = client_for(alice)
    assert client.get("/api/mappings").status_code == 403
    deliver(
        UserUpdated(id=alice.id, username="alice", email="alice@example.org", role="admin", is_active=True), version=2
    )
    assert client.get("/api/mappings").status_code == 200
