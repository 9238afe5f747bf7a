"""Named reads of what concerns a person."""

import uuid
from typing import Any

from django.db.models import F

from device_service.devices.models import MeterChange
from device_service.mappings.models import Mapping


def personal_data(user_id: uuid.UUID) -> dict[str, Any]:
    """What this service holds of the person, for its export: the devices with the periods, and what the person noted.

    `from` None is since ever, `to` None for ever.
    """
    of_device = {
        "name": "name", "description": "description", "kind": "kind", "category": "category__name",
        "plant": "plant__name", "timezone": "plant__timezone",
    }  # fmt: skip
    devices = Mapping.objects.filter(user_id=user_id).order_by("device__name", "device_id").values(
        "device_id", **{name: F(f"device__{path}") for name, path in of_device.items()},
        **{"from": F("starts"), "to": F("ends"), "assigned_at": F("created_at")},
    )  # fmt: skip
    noted = MeterChange.objects.filter(noted_by=user_id).order_by("at", "id")
    return {
        "devices": list(devices),
        "meter_changes_noted": list(noted.values("device_id", "at", "final_register", "first_register", "note")),
    }
