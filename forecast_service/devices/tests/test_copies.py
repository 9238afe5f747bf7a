"""Copies of devices and plants follow their owner's events."""

import uuid

import pytest

from forecast_service.devices.models import Assignment, Device, Plant
from service_kit.events import PlantDeleted, TariffCreated

pytestmark = pytest.mark.django_db


def test_assignments_follow_the_device_version(device, alice, bob):
    meter = device(alice, bob, version=3)
    device(version=2, id=meter)
    assert set(Assignment.objects.values_list("user_id", flat=True)) == {alice.id, bob.id}
    device(bob, version=4, id=meter)
    assert list(Assignment.objects.values_list("user_id", flat=True)) == [bob.id]


def test_a_deleted_device_stays_deleted(device, delete_device, alice):
    meter = device(alice)
    delete_device(meter, version=5)
    device(alice, version=4, id=meter)
    assert not Device.live.exists()
    assert not Assignment.objects.exists()


def test_a_deleted_plant_is_gone(plant, deliver):
    house = plant()
    deliver(PlantDeleted(id=house), version=2)
    assert not Plant.live.exists()


def test_a_tariff_passes(deliver):
    tariff = TariffCreated(
        id=uuid.uuid4(),
        name="Night",
        currency="EUR",
        valid_from=None,
        valid_to=None,
        standing_charge_per_day=0.3,
        feed_in_per_kwh=0.08,
        rates=[],
    )
    deliver(tariff)
    assert not Device.objects.exists()
