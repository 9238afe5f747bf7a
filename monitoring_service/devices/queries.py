"""Who may see which device, and when. Every query of energy begins here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from monitoring_service.devices.models import Assignment, Device, MeterConnection, Plant
from monitoring_service.readings.models import LastReading
from service_kit.auth import Caller

Status = Literal["online", "late", "silent", "never"]
# Late after two intervals without a reading; after three the arithmetic counts a gap, so the meter is silent.
LATE_INTERVALS, SILENT_INTERVALS = 2, 3


@dataclass(frozen=True)
class Period:
    """A time in which a user may see a device; None is open."""

    since: datetime | None
    until: datetime | None


def visible_devices(caller: Caller) -> QuerySet[Device]:
    """All devices for an administrator, for others those that are or were assigned to them."""
    devices: QuerySet[Device] = Device.live.all()
    if not caller.is_admin:
        devices = devices.filter(Exists(Assignment.objects.filter(device_id=OuterRef("pk"), user_id=caller.id)))
    return devices


def with_last_seen(devices: QuerySet[Device]) -> QuerySet[Device]:
    """Each with `last_seen`, the instant of its newest reading, whether it is `connected`, and the `zone` its plant has."""
    return devices.annotate(
        connected=Subquery(MeterConnection.objects.filter(device_id=OuterRef("pk")).values("online")),
        last_seen=Subquery(LastReading.objects.filter(device_id=OuterRef("pk")).values("at")),
        zone=Subquery(Plant.live.filter(pk=OuterRef("plant_id")).values("timezone")),
    ).order_by("name", "id")


def within_periods(caller: Caller) -> Q | Exists:
    """A condition on readings (`device_id`, `at`): their interval ends in a time that the caller may see."""
    if caller.is_admin:
        return Q()
    return Exists(
        Assignment.objects.filter(
            Q(since=None) | Q(since__lt=OuterRef("at")),
            Q(until=None) | Q(until__gte=OuterRef("at")),
            device_id=OuterRef("device_id"),
            user_id=caller.id,
        )
    )


def status_of(last_seen: datetime | None, interval_seconds: int, now: datetime) -> Status:
    """How the device does, measured by its own interval."""
    if last_seen is None:
        return "never"
    silence = (now - last_seen).total_seconds()
    if silence <= LATE_INTERVALS * interval_seconds:
        return "online"
    return "late" if silence <= SILENT_INTERVALS * interval_seconds else "silent"
