"""Every write of assignments. They are part of the device: each change is a new version of it."""

import uuid
from datetime import datetime

from django.db import transaction
from rest_framework.exceptions import NotFound, ValidationError

from device_service.devices.models import Device
from device_service.devices.services import bump, locked
from device_service.mappings.models import Mapping
from device_service.people.models import User
from service_kit.events import DeviceAssigned, DeviceUnassigned


class UnknownUser(ValidationError):
    """An assignment needs a user that this service knows and that is not deleted."""

    def __init__(self, user_id: uuid.UUID) -> None:
        super().__init__({"user_id": [f"There is no user {user_id}. GET /api/auth/users lists them."]})


class UnknownDevice(ValidationError):
    """An assignment needs a device that exists."""

    def __init__(self, device_id: uuid.UUID) -> None:
        super().__init__({"device_id": [f"There is no device {device_id}. GET /api/devices lists them."]})


class NotAssigned(NotFound):
    """The device is not assigned to that user."""


class NameTheUser(ValidationError):
    """Several users share the device, so the one to unassign must be named."""


@transaction.atomic
def assign_device(
    *, device_id: uuid.UUID, user_id: uuid.UUID, starts: datetime | None = None, ends: datetime | None = None
) -> tuple[Mapping, bool]:
    """The assignment, and whether it is new. Again with another period: the new period replaces the former.

    Raises UnknownUser or UnknownDevice.
    """
    # User before device, as when a user is deleted: the other order could deadlock. The lock keeps the user from being
    # deleted between this look and the insert, which would leave an assignment to nobody.
    if not User.live.select_for_update(no_key=True).filter(pk=user_id).exists():
        raise UnknownUser(user_id)
    try:
        device = locked(device_id)
    except NotFound:
        raise UnknownDevice(device_id) from None
    mapping, new = Mapping.objects.get_or_create(
        device=device, user_id=user_id, defaults={"starts": starts, "ends": ends}
    )
    changed = (mapping.starts, mapping.ends) != (starts, ends)
    if changed:
        mapping.starts, mapping.ends = starts, ends
        mapping.save(update_fields=["starts", "ends"])
    if new or changed:
        bump(device, DeviceAssigned)
    return mapping, new


@transaction.atomic
def unassign_device(*, device_id: uuid.UUID, user_id: uuid.UUID | None = None) -> None:
    """End the user's sight of the device, of its past too. Without `user_id`: of the one user who has it.

    Raises NotAssigned, or NameTheUser when several share it.
    """
    device = locked(device_id)
    mappings = device.mappings.all() if user_id is None else device.mappings.filter(user_id=user_id)
    found = mappings.count()
    if not found:
        whom = "anybody" if user_id is None else f"user {user_id}"
        raise NotAssigned(f"Device {device_id} is not assigned to {whom}.")
    if found > 1:
        raise NameTheUser({"user_id": [f"{found} users share this device. Name one with ?user_id=."]})
    mappings.delete()
    bump(device, DeviceUnassigned)


@transaction.atomic
def unassign_everything_of(*, user_id: uuid.UUID) -> None:
    """A deleted user sees nothing any more; the devices and the others who share them stay."""
    for device in Device.objects.select_for_update(of=("self",)).filter(mappings__user_id=user_id).order_by("id"):
        device.mappings.filter(user_id=user_id).delete()
        bump(device, DeviceUnassigned)
