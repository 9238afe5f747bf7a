"""After a loss elsewhere, everything is told anew with the versions it has."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from device_service.config.owned import OWNED
from device_service.devices.models import Device
from service_kit.auth import Caller
from service_kit.events import DeviceUpdated, PlantUpdated, TariffUpdated
from service_kit.models import OutboxEvent
from service_kit.owned import OwnedRows


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


def test_many_devices_are_told_in_few_statements(
    make_device: Callable[..., Device], assign: Callable[..., Any], alice: Caller, bob: Caller,
    django_assert_num_queries: Any,
) -> None:  # fmt: skip
    for number in range(8):
        device = make_device(name=f"Meter {number}")
        assign(device, alice)
        assign(device, bob)
    devices = OWNED[2]
    # Keys twice, then one lot: savepoint, rows, assignments, meter changes, outbox, release.
    with django_assert_num_queries(8):
        assert devices.resync(None) == 8


@pytest.mark.parametrize("owned", OWNED, ids=lambda owned: owned.name)
def test_what_has_gone_is_ended_wherever_it_is_left(
    by_admin: APIClient, owned: OwnedRows, published: Callable[[], list[Any]]
) -> None:
    gone = str(uuid.uuid4())
    assert owned.forget({gone: 7}) == 1
    (told,) = published()
    assert (told.event.type, str(told.event.id), told.version) == (f"{owned.name}.deleted", gone, 8)
