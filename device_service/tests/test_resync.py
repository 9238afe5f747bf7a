"""After a loss elsewhere, everything is told anew with the versions it has."""

from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.auth import Caller
from service_kit.events import DeviceUpdated, PlantUpdated, TariffUpdated
from service_kit.models import OutboxEvent


def test_everything_is_told_with_its_present_version(
    by_admin: APIClient, make_device: Callable[..., Device], assign: Callable[..., Any], alice: Caller,
    published: Callable[[], list[Any]], capsys: Any,
) -> None:  # fmt: skip
    tariff = by_admin.post("/api/tariffs", {"name": "Flat", "rates": [{"price_per_kwh": 0.3}]}).data["id"]
    plant = by_admin.post("/api/plants", {"name": "Home", "tariff": tariff}).data["id"]
    device = make_device(plant=plant)
    assign(device, alice)
    OutboxEvent.objects.all().delete()
    call_command("resync")
    assert capsys.readouterr().out == "Told: 1 tariff(s), 1 plant(s), 1 device(s).\n"
    told = published()
    assert [(type(e.event), e.version) for e in told] == [(TariffUpdated, 1), (PlantUpdated, 1), (DeviceUpdated, 2)]
    assert [a.user_id for a in told[2].event.assignments] == [alice.id]
