"""What the live process reads: who may see what, and the present state of what has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection

from monitoring_service.devices.models import Assignment, Device
from monitoring_service.devices.queries import Period, Status, status_of, visible_devices
from monitoring_service.hours.energy import Quality
from monitoring_service.hours.rows import array
from monitoring_service.readings.models import LastReading
from service_kit.auth import Caller

# A back-fill changes months; what is shown live is its newest end.
HOURS_AT_MOST = timedelta(hours=48)
_NAMES = [quality.name.lower() for quality in Quality]
Span = tuple[int, int]  # seconds since 1970 of the first and the last hour that changed


@dataclass(frozen=True)
class Sight:
    """The devices that a caller may see and when; `periods` is None for an administrator: at any time."""

    devices: frozenset[UUID]
    periods: dict[UUID, list[Period]] | None

    def of(self, device_id: UUID, begin: datetime, end: datetime) -> bool:
        """Whether the caller may see all of [begin, end] of the device."""
        if device_id not in self.devices:
            return False
        return self.periods is None or any(
            (period.since is None or period.since <= begin) and (period.until is None or end <= period.until)
            for period in self.periods.get(device_id, [])
        )


@dataclass(frozen=True)
class Measurement:
    device_id: UUID
    at: datetime
    value: float


@dataclass(frozen=True)
class ChangedHour:
    device_id: UUID
    start: datetime
    kwh: float | None
    readings: int
    expected: float | None
    quality: str
    version: int


def sight_of(caller: Caller) -> Sight:
    """What the caller may see now."""
    devices = frozenset(visible_devices(caller).values_list("id", flat=True))
    if caller.is_admin:
        return Sight(devices, None)
    periods: dict[UUID, list[Period]] = {}
    for device_id, since, until in Assignment.objects.filter(user_id=caller.id).values_list(
        "device_id", "since", "until"
    ):
        periods.setdefault(device_id, []).append(Period(since, until))
    return Sight(devices, periods)


def newest_readings(device_ids: Iterable[UUID]) -> list[Measurement]:
    """The newest reading of each device that has one."""
    rows = LastReading.objects.filter(device_id__in=list(device_ids)).values_list("device_id", "at", "value")
    return [Measurement(*row) for row in rows]


def changed_hours(spans: Mapping[UUID, Span]) -> list[ChangedHour]:
    """The hours of these spans as they are now, each device's newest 48 at most, oldest first."""
    longest = int(HOURS_AT_MOST.total_seconds())
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT h.device_id, h.start, h.kwh, h.readings, h.expected, h.quality, h.version
               FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[]) AS s (device_id, first, last)
               JOIN hours_hour h ON h.device_id = s.device_id
                                AND h.start BETWEEN to_timestamp(s.first) AND to_timestamp(s.last)
               ORDER BY h.start, h.device_id""",
            [
                array(spans),
                array(max(first, last - longest) for first, last in spans.values()),
                array(last for _, last in spans.values()),
            ],
        )
        return [
            ChangedHour(device, start, kwh, readings, expected, _NAMES[quality], version)
            for device, start, kwh, readings, expected, quality, version in cursor.fetchall()
        ]


def statuses(device_ids: Iterable[UUID]) -> dict[UUID, tuple[Status, datetime | None]]:
    """How each device does at this moment, with when it was last seen."""
    ids = list(device_ids)
    seen = dict(LastReading.objects.filter(device_id__in=ids).values_list("device_id", "at"))
    now = datetime.now(UTC)
    intervals = Device.live.filter(pk__in=ids).values_list("id", "interval_seconds")
    return {device: (status_of(seen.get(device), interval, now), seen.get(device)) for device, interval in intervals}
