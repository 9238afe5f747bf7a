from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.auth import Caller


@pytest.fixture
def cast(db: None, alice: Caller, bob: Caller, charlie: Caller, admin: Caller, tell_of: Callable[..., None]) -> None:
    """The events of all four accounts have arrived."""
    tell_of(alice, bob, charlie, admin)


@pytest.fixture
def by_admin(cast: None, client_for: Callable[..., APIClient], admin: Caller) -> APIClient:
    return client_for(admin)


@pytest.fixture
def make_device(by_admin: APIClient) -> Callable[..., Device]:
    """`make_device(name="Kitchen", ...)`: a device, made through the API."""

    def make(**fields: Any) -> Device:
        answer = by_admin.post("/api/devices", {"name": "Kitchen", **fields})
        assert answer.status_code == 201, answer.data
        return Device.objects.get(pk=answer.data["id"])

    return make


@pytest.fixture
def assign(by_admin: APIClient) -> Callable[..., dict[str, Any]]:
    """`assign(device, alice, to=...)`, through the API."""

    def make(device: Device, user: Caller, **period: str) -> dict[str, Any]:
        body = {"device_id": str(device.pk), "user_id": str(user.id), **period}
        answer = by_admin.post("/api/mappings/assign", body)
        assert answer.status_code in (200, 201), answer.data
        return answer.json()

    return make
