"""Which devices somebody may see. A forecast speaks of the future, so the assignments in force now are the ones that count."""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from forecast_service.devices.models import Assignment, Device, Plant
from forecast_service.forecasters.base import Place
from service_kit.auth import Caller


def in_force(now: datetime | None = None) -> QuerySet[Assignment]:
    now = now or timezone.now()
    return Assignment.objects.filter(Q(since=None) | Q(since__lte=now), Q(until=None) | Q(until__gt=now))


def devices_of_user(user_id: uuid.UUID) -> QuerySet[Device]:
    return Device.live.filter(Exists(in_force().filter(device_id=OuterRef("pk"), user_id=user_id)))


def devices_visible_to(caller: Caller) -> QuerySet[Device]:
    return Device.live.all() if caller.is_admin else devices_of_user(caller.id)


def plants_of(devices: Iterable[Device]) -> dict[uuid.UUID, Plant]:
    return Plant.live.in_bulk({device.plant_id for device in devices if device.plant_id})


def place_of(devices: Iterable[Device], plants: Mapping[uuid.UUID, Plant]) -> Place:
    """Clock and country of the plant that most of these devices stand in; without any, DEFAULT_TIMEZONE."""
    places: Counter[tuple[str, str]] = Counter()
    for device in devices:
        plant = plants.get(device.plant_id) if device.plant_id else None
        if plant is not None and _is_zone(plant.timezone):
            places[plant.timezone, plant.country or ""] += 1
    if not places:
        return Place(settings.DEFAULT_TIMEZONE)
    zone, country = min(places, key=lambda place: (-places[place], place))
    return Place(zone, country or None)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
