"""Two requests at once, each right in itself."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection
from rest_framework.exceptions import APIException
from rest_framework.test import APIClient

from device_service.devices.models import Device
from device_service.devices.services import create_device, update_device
from device_service.mappings.models import Mapping
from device_service.plants.models import Plant
from device_service.plants.services import create_plant, delete_plant
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call gave or raised, all let go at the same moment."""
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        gate.wait(timeout=60)
        try:
            return call()
        except APIException as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_two_devices_cannot_become_each_others_parent(cast: None) -> None:
    for _ in range(5):
        one, two = create_device(name="One"), create_device(name="Two")
        results = at_once(
            partial(update_device, device_id=one.pk, parent=two), partial(update_device, device_id=two.pk, parent=one)
        )
        assert sum(isinstance(result, Device) for result in results) == 1, results
        one.refresh_from_db()
        two.refresh_from_db()
        assert (one.parent_id is None) != (two.parent_id is None)


def test_a_plant_that_gets_a_device_while_it_is_deleted_is_consistent(cast: None) -> None:
    for _ in range(5):
        plant = create_plant(name="Home", timezone="UTC")
        made, deleted = at_once(
            partial(create_device, name="Kitchen", plant=plant), partial(delete_plant, plant_id=plant.pk)
        )
        if isinstance(made, Device):
            assert "plant" in str(deleted)
            assert Plant.objects.filter(pk=plant.pk).exists()
        else:
            assert deleted is None
            assert "deleted meanwhile" in str(made)


def test_the_same_assignment_many_times_at_once_is_one(
    client_for: Callable[..., APIClient], make_device: Callable[..., Device], alice: Caller, admin: Caller,
    published: Callable[[], list[Any]],
) -> None:  # fmt: skip
    device = make_device()
    body = {"device_id": str(device.pk), "user_id": str(alice.id)}
    clients = [client_for(admin) for _ in range(6)]
    answers = at_once(*[partial(client.post, "/api/mappings/assign", body) for client in clients])
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert Mapping.objects.count() == 1
    assert [e.version for e in published()] == [1, 2]


def test_changes_at_once_leave_in_the_order_of_their_versions(
    client_for: Callable[..., APIClient], make_device: Callable[..., Device], admin: Caller,
    published: Callable[[], list[Any]],
) -> None:  # fmt: skip
    device = make_device()
    clients = [client_for(admin) for _ in range(6)]
    answers = at_once(
        *[partial(c.patch, f"/api/devices/{device.pk}", {"name": f"Name {n}"}) for n, c in enumerate(clients)]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert [e.version for e in published()] == [1, 2, 3, 4, 5, 6, 7]
    device.refresh_from_db()
    assert published()[-1].event.name == device.name
