"""Who gets which answer: Alice owns, Charlie is refused, the admin administers, nobody else gets in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.auth import Caller
from service_kit.testing.access import CopiedUsers


@pytest.fixture
def ids(
    by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any], alice: Caller, bob: Caller
) -> dict[str, str]:
    """A device of Alice's in a plant with a tariff; a category that no device carries."""
    tariff = by_admin.post("/api/tariffs", {"name": "Flat", "rates": [{"price_per_kwh": 0.3}]}).data["id"]
    plant = by_admin.post("/api/plants", {"name": "Home", "tariff": tariff}).data["id"]
    category = by_admin.post("/api/categories", {"name": "Cooking"}).data["id"]
    device = make_device(plant=plant)
    assign(device, alice)
    made = {"device": device.pk, "plant": plant, "tariff": tariff, "category": category}
    return {name: str(value) for name, value in {**made, "alice": alice.id, "bob": bob.id}.items()}


class TestAccess(CopiedUsers):
    table = Path(__file__).with_name("access.txt")
