"""Which devices somebody may see. A forecast speaks of the future, so the assignments in force now are the ones that count."""

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from forecast_service.devices.models import Assignment, Device, Plant
from service_kit.auth import Caller


def in_force(now: datetime | None = None) -> QuerySet[Assignment]:
    now = now or timezone.now()
    return Assignment.objects.filter(Q(since=None) | Q(since__lte=now), Q(until=None) | Q(until__gt=now))


def devices_of_user(user_id: uuid.UUID) -> QuerySet[Device]:
    return Device.live.filter(Exists(in_force().filter(device_id=OuterRef("pk"), user_id=user_id)))


def devices_visible_to(caller: Caller) -> QuerySet[Device]:
    return Device.live.all() if caller.is_admin else devices_of_user(caller.id)


def zone_of(devices: Iterable[Device]) -> str:
    """The zone of the plants that most of these devices stand in, else DEFAULT_TIMEZONE."""
    plants = Counter(device.plant_id for device in devices if device.plant_id)
    zones: Counter[str] = Counter()
    for plant in Plant.live.filter(pk__in=plants):
        if _is_zone(plant.timezone):
            zones[plant.timezone] += plants[plant.pk]
    return min(zones, key=lambda zone: (-zones[zone], zone)) if zones else settings.DEFAULT_TIMEZONE


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return False
    return True
