"""Who may see which device, and when. Every query of energy begins here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Least, Now

from monitoring_service.devices.models import Assignment, Device, DeviceStatus, MeterConnection, Plant
from monitoring_service.readings.models import LastReading
from service_kit.auth import Caller

Status = DeviceStatus.Status
# Late after two intervals without a reading; after three the arithmetic counts a gap, so the meter is silent. So it is from the
# moment that its MQTT connection went down, until its next reading or until it is up again.
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


def with_last_seen(devices: QuerySet[Device]) -> QuerySet[Any]:
    """Each with `last_seen`, the instant of its newest reading, whether it is `connected`, its `status` and the `zone` its plant has."""
    last = LastReading.objects.filter(device_id=OuterRef("pk"))
    connection = MeterConnection.objects.filter(device_id=OuterRef("pk"))
    return (
        devices.annotate(
            connected=Subquery(connection.values("online")),
            last_seen=Subquery(last.values("at")),
            zone=Subquery(Plant.live.filter(pk=OuterRef("plant_id")).values("timezone")),
            # A clock that runs ahead must not make a meter look alive for longer.
            _heard=Least("last_seen", Subquery(last.values("received_at"))),
            _connection_since=Subquery(connection.values("since")),
        )
        .annotate(
            status=Case(
                When(last_seen=None, then=Value(Status.NEVER)),
                When(connected=False, _connection_since__gt=F("_heard"), then=Value(Status.SILENT)),
                When(_heard__gte=Now() - _intervals(LATE_INTERVALS), then=Value(Status.ONLINE)),
                When(_heard__gte=Now() - _intervals(SILENT_INTERVALS), then=Value(Status.LATE)),
                default=Value(Status.SILENT),
            )
        )
        .order_by("name", "id")
    )


def _intervals(count: int) -> ExpressionWrapper:
    """So many of the device's own intervals."""
    seconds = Value(timedelta(seconds=count), output_field=DurationField())
    return ExpressionWrapper(F("interval_seconds") * seconds, output_field=DurationField())


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
