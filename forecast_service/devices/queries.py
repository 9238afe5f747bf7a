"""Which devices somebody may see. A forecast speaks of the future, so the assignments in force now are the ones that count."""

import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from forecast_service.devices.models import Assignment, Device
from forecast_service.forecasters.base import Place
from service_kit.auth import Caller


def in_force(now: datetime | None = None) -> QuerySet[Assignment]:
    now = now or timezone.now()
    return Assignment.objects.filter(Q(since=None) | Q(since__lte=now), Q(until=None) | Q(until__gt=now))


def devices_of_user(user_id: uuid.UUID) -> QuerySet[Device]:
    return Device.live.filter(Exists(in_force().filter(device_id=OuterRef("pk"), user_id=user_id)))


def devices_visible_to(caller: Caller) -> QuerySet[Device]:
    return Device.live.all() if caller.is_admin else devices_of_user(caller.id)


def place_of(plants: Iterable[tuple[str | None, str | None]]) -> Place:
    """The (clock, country) that most of these meters stand in; where no plant is known, DEFAULT_TIMEZONE."""
    places = Counter((zone, country or "") for zone, country in plants if zone and _is_zone(zone))
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
