"""Telling everything anew: the last defence when the broker or another service has lost what it was told."""

from collections.abc import Callable
from typing import Any

from django.db import models, transaction

from device_service.devices.models import Device
from device_service.devices.services import publish_device
from device_service.plants.models import Plant, Tariff
from device_service.plants.services import publish_plant, publish_tariff
from service_kit.events import DeviceUpdated, PlantUpdated, TariffUpdated

# Tariffs before the plants that use them, plants before the devices in them.
TELL: list[tuple[type[models.Model], Callable[[Any, Any], None], Any]] = [
    (Tariff, publish_tariff, TariffUpdated),
    (Plant, publish_plant, PlantUpdated),
    (Device, publish_device, DeviceUpdated),
]


def resync() -> dict[str, int]:
    """Put the present state of everything into the outbox, with its present version; how many of each kind.

    Who has this version already drops it. What was deleted cannot be told: nothing is kept of it.
    """
    told = {}
    for model, publish, event in TELL:
        told[model._meta.model_name or ""] = 0
        for pk in model._default_manager.order_by("pk").values_list("pk", flat=True).iterator():
            with transaction.atomic():
                # Locked, so that a change under way cannot put its newer version into the outbox before this one.
                row = model._default_manager.select_for_update().filter(pk=pk).first()
                if row is not None:
                    publish(event, row)
                    told[model._meta.model_name or ""] += 1
    return told
