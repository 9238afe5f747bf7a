"""Every write of devices, categories and credentials: one transaction each, with the event that tells of it."""

import hashlib
import secrets
import uuid
from datetime import datetime
from typing import Any, cast

from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.db.models.functions import Now
from rest_framework.exceptions import NotFound, ValidationError

from device_service.constraints import checked_now
from device_service.devices import queries
from device_service.devices.models import Category, Credential, Device, EndedCredential, MeterChange, Reading
from service_kit import events
from service_kit.errors import Conflict
from service_kit.events import (
    Assignment,
    DeviceCreated,
    DeviceDeleted,
    DeviceState,
    DeviceUpdated,
    MeterCredential,
)
from service_kit.outbox import publish

_PARENTS_LOCK = 0x504152


class ParentCycle(ValidationError):
    """A device cannot be, directly or by other sub-meters, a sub-meter of itself."""

    def __init__(self, parent_id: uuid.UUID) -> None:
        way_out = "so it cannot be its parent. Choose a meter further up, or null for none."
        super().__init__({"parent": [f"{parent_id} is this device or one of its sub-meters, {way_out}"]})


class RelatedGone(Conflict):
    """The plant, category or parent that the device names was deleted meanwhile. Choose another."""

    default_detail = __doc__


class CategoryExists(ValidationError):
    """Category names are unique, whatever their case."""

    def __init__(self, name: str) -> None:
        super().__init__({"name": [f"A category named {name!r} exists already. GET /api/categories lists them."]})


def device_state(event: type[DeviceState], device: Device) -> DeviceState:
    """The event of a row of `queries.whole_devices`."""
    credential = getattr(device, "credential", None)
    return event(
        id=device.pk,
        name=device.name,
        kind=cast(events.Kind, device.kind),
        reading=cast(events.ReadingKind, device.reading),
        interval_seconds=device.interval_seconds,
        max_consumption=device.max_consumption,
        rated_power_w=device.rated_power_w,
        register_max=device.register_max,
        category=device.category.name if device.category else None,
        plant_id=device.plant_id,
        parent_id=device.parent_id,
        assignments=[Assignment(user_id=m.user_id, from_=m.starts, to=m.ends) for m in device.mappings.all()],
        credential=MeterCredential(digest=credential.digest) if credential else None,
        meter_changes=[
            events.MeterChange(at=c.at, final_register=c.final_register, first_register=c.first_register)
            for c in device.meter_changes.all()
        ],
    )


def publish_device(event: type[DeviceState], device: Device) -> None:
    """Tell of the device as it is now, with all that belongs to it. Its row must be locked, so that versions leave in order."""
    whole = queries.whole_devices().get(pk=device.pk)
    publish(device_state(event, whole), version=device.version)


def locked(device_id: uuid.UUID) -> Device:
    """The device's row, nobody else's until the transaction ends. Raises NotFound."""
    device = Device.objects.select_for_update().filter(pk=device_id).first()
    if device is None:
        raise NotFound(f"There is no device {device_id}.")
    return device


def bump(device: Device, event: type[DeviceState]) -> None:
    """A new version of a locked device whose own fields did not change, and its event."""
    device.version += 1
    device.save(update_fields=["version"])
    publish_device(event, device)


@transaction.atomic
def create_device(**fields: Any) -> Device:
    with checked_now(RelatedGone()):
        device = Device.objects.create(**fields)
    publish_device(DeviceCreated, device)
    return device


@transaction.atomic
def update_device(*, device_id: uuid.UUID, **fields: Any) -> Device:
    """Raises ParentCycle when `parent` is the device itself or one of its sub-meters."""
    parent = fields.get("parent")
    if parent is not None:
        with connection.cursor() as cursor:
            # Two devices made each other's parent at once would each see no cycle.
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PARENTS_LOCK])
        if queries.is_under(device_id=device_id, parent_id=parent.pk):
            raise ParentCycle(parent.pk)
    device = locked(device_id)
    for name, value in fields.items():
        setattr(device, name, value)
    device.version += 1
    with checked_now(RelatedGone()):
        device.save()
    publish_device(DeviceUpdated, device)
    return device


@transaction.atomic
def delete_device(*, device_id: uuid.UUID) -> None:
    """The device, its assignments and credential go. Raises Conflict while it has sub-meters."""
    device = locked(device_id)
    device.mappings.all().delete()
    device.version += 1
    try:
        with checked_now(Conflict(f"{device.name!r} has just become a parent. Try again.")):
            Device.objects.filter(pk=device.pk).delete()
    except ProtectedError as error:
        raise Conflict(
            f"{len(error.protected_objects)} sub-meter(s) name {device.name!r} as their parent. "
            "Give them another parent, or null, first."
        ) from None
    _end_connections(device_id)
    publish(DeviceDeleted(id=device_id), version=device.version)


class NoRegister(Conflict):
    """Only a register_kwh meter has a register to change."""


class OtherMeterChange(Conflict):
    """Another change of the meter is on record for the same instant: what happened is not rewritten."""


@transaction.atomic
def change_meter(
    *,
    device_id: uuid.UUID,
    at: datetime,
    final_register: float,
    first_register: float,
    noted_by: uuid.UUID,
    note: str = "",
) -> tuple[MeterChange, bool]:
    """Put on record that the meter was replaced; the record, and whether it is new. Registers in kWh.

    Raises NoRegister or OtherMeterChange.
    """
    device = locked(device_id)
    if device.reading != Reading.REGISTER_KWH:
        raise NoRegister(f"{device.name!r} reads {device.reading}; only a register_kwh meter has a register to change.")
    registers = {"final_register": final_register, "first_register": first_register}
    change, new = MeterChange.objects.get_or_create(
        device=device, at=at, defaults={**registers, "note": note, "noted_by": noted_by}
    )
    if (change.final_register, change.first_register) != (final_register, first_register):
        raise OtherMeterChange(
            f"A change from {change.final_register} to {change.first_register} is on record for {at.isoformat()}. "
            "Give the instant of this one."
        )
    if new:
        bump(device, DeviceUpdated)
    return change, new


# ── categories ──────────────────────────────────────────────────────────────────────────────────────────────────────


@transaction.atomic
def create_category(*, name: str) -> Category:
    try:
        with transaction.atomic():
            return Category.objects.create(name=name)
    except IntegrityError:
        raise CategoryExists(name) from None


@transaction.atomic
def rename_category(*, category_id: uuid.UUID, name: str) -> Category:
    """Every device of the category is told anew, since its state names the category."""
    category = Category.objects.select_for_update().filter(pk=category_id).first()
    if category is None:
        raise NotFound(f"There is no category {category_id}.")
    if category.name == name:
        return category
    category.name = name
    try:
        with transaction.atomic():
            category.save(update_fields=["name"])
    except IntegrityError:
        raise CategoryExists(name) from None
    for device in Device.objects.select_for_update().filter(category=category).order_by("id"):
        bump(device, DeviceUpdated)
    return category


@transaction.atomic
def delete_category(*, category_id: uuid.UUID) -> None:
    """Raises Conflict while devices carry it."""
    try:
        with checked_now(Conflict("A device has just been given this category. Try again.")):
            Category.objects.filter(pk=category_id).delete()
    except ProtectedError as error:
        raise Conflict(f"{len(error.protected_objects)} device(s) carry this category. Change them first.") from None


# ── credentials ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def issue_credential(*, device_id: uuid.UUID) -> str:
    """A new secret for the meter, which ends the former one. It cannot be shown again: only its digest is kept."""
    device = locked(device_id)
    secret = secrets.token_urlsafe(32)
    _, first = Credential.objects.update_or_create(device=device, defaults={"digest": _digest(secret)})
    if not first:
        _end_connections(device_id)
    bump(device, DeviceUpdated)
    return secret


@transaction.atomic
def revoke_credential(*, device_id: uuid.UUID) -> None:
    device = locked(device_id)
    if Credential.objects.filter(device=device).exclude(digest=None).update(digest=None):
        _end_connections(device_id)
        bump(device, DeviceUpdated)


def _end_connections(device_id: uuid.UUID) -> None:
    """`meters_out` does it: the broker asks for a secret only when a meter connects."""
    EndedCredential.objects.update_or_create(device_id=device_id, defaults={"at": Now(), "sent_away": False})


def credential_matches(*, device_id: uuid.UUID, secret: str) -> bool:
    """Whether this is the meter's present secret; in the same time for a wrong one and a missing one."""
    kept = Credential.objects.filter(device_id=device_id).values_list("digest", flat=True).first()
    return secrets.compare_digest(kept or "", _digest(secret)) and kept is not None
