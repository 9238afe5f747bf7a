"""Named reads of devices. Who may see what is part of the query, never an `if` after it."""

import uuid

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from device_service.devices.models import Device, MeterChange
from device_service.mappings.models import Mapping
from service_kit.auth import Caller


def devices_of(user_id: uuid.UUID) -> QuerySet[Device]:
    """The devices that are or were assigned to the user; an assignment that lies ahead shows nothing yet."""
    # One mapping per device and user (a constraint), so the join gives no device twice.
    return Device.objects.filter(
        Q(mappings__starts=None) | Q(mappings__starts__lte=timezone.now()), mappings__user_id=user_id
    )


def whole_devices() -> QuerySet[Device]:
    """Every device with all that its event tells of: category, credential, assignments and meter changes, oldest first."""
    return Device.objects.select_related("category", "credential").prefetch_related(
        Prefetch("mappings", Mapping.objects.order_by("created_at", "id")),
        Prefetch("meter_changes", MeterChange.objects.order_by("at")),
    )


def devices_visible_to(caller: Caller) -> QuerySet[Device]:
    return Device.objects.all() if caller.is_admin else devices_of(caller.id)


def is_under(*, device_id: uuid.UUID, parent_id: uuid.UUID) -> bool:
    """Whether the chain of parents from `parent_id` upwards, itself included, meets the device."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH RECURSIVE up(id, parent_id) AS (
                SELECT id, parent_id FROM devices_device WHERE id = %s
                UNION
                SELECT d.id, d.parent_id FROM devices_device d JOIN up ON d.id = up.parent_id
            )
            SELECT EXISTS (SELECT FROM up WHERE id = %s)
            """,
            [parent_id, device_id],
        )
        return bool(cursor.fetchone()[0])
