"""The devices of a scope with all that a population needs of each, in one statement: three querysets took longer than the answer."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

METERS = """
SELECT device.id, device.kind, device.plant_id, device.parent_id, series.until, coalesce(series.revision, 0),
       plant.timezone, plant.country, coalesce(weather.planned_revision, 0)
FROM devices_device AS device
LEFT JOIN hours_series AS series ON series.device_id = device.id
LEFT JOIN devices_plant AS plant ON plant.id = device.plant_id AND plant.deleted_at IS NULL
LEFT JOIN plant_series_plantseries AS weather ON weather.plant_id = device.plant_id AND weather.name = 'temperature'
WHERE device.deleted_at IS NULL AND
"""
# As `devices.queries.in_force` has it.
ASSIGNED = """
EXISTS (SELECT FROM devices_assignment AS assigned WHERE assigned.device_id = device.id AND assigned.user_id = %(user)s
        AND (assigned.since IS NULL OR assigned.since <= %(now)s) AND (assigned.until IS NULL OR assigned.until > %(now)s))
"""


@dataclass(frozen=True, slots=True)
class Meter:
    """A device, until when its hours are complete (None: no hour is) with their revision, and where it stands (None: unknown).

    weather: the revision of its plant's temperature that forecasts rest on; 0 without one.
    """

    id: uuid.UUID
    kind: str
    plant_id: uuid.UUID | None
    parent_id: uuid.UUID | None
    until: datetime | None
    revision: int
    zone: str | None
    country: str | None
    weather: int


def meters_named(ids: Sequence[uuid.UUID], *, seen_by: uuid.UUID | None = None) -> list[Meter]:
    """Those of these devices that there are; with `seen_by` only what is assigned to that user now."""
    return _meters("device.id = ANY(%(ids)s)" + (f" AND {ASSIGNED}" if seen_by else ""), ids=list(ids), user=seen_by)


def meters_of_plants(ids: Sequence[uuid.UUID], *, seen_by: uuid.UUID | None = None) -> list[Meter]:
    return _meters(
        "device.plant_id = ANY(%(ids)s)" + (f" AND {ASSIGNED}" if seen_by else ""), ids=list(ids), user=seen_by
    )


def meters_of_user(user_id: uuid.UUID) -> list[Meter]:
    return _meters(ASSIGNED, user=user_id)


def _meters(which: str, **given: Any) -> list[Meter]:
    with connection.cursor() as cursor:
        cursor.execute(METERS + which, {"now": timezone.now(), **given})
        return [Meter(*row) for row in cursor.fetchall()]
