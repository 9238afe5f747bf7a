"""What the live process reads: who may see what, and the present state of what has changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from rest_framework.exceptions import APIException, AuthenticationFailed, PermissionDenied

from monitoring_service.alerts.models import Alert
from monitoring_service.devices.models import Assignment, Device, DeviceStatus
from monitoring_service.devices.queries import Period
from monitoring_service.hours.energy import Quality
from monitoring_service.hours.rows import array
from monitoring_service.people.models import User
from monitoring_service.readings.models import LastReading
from service_kit.auth import Caller, TokenAuthentication

# A back-fill changes months; what is shown live is its newest end.
HOURS_AT_MOST = timedelta(hours=48)
_NAMES = [quality.name.lower() for quality in Quality]
Span = tuple[int, int]  # seconds since 1970 of the first and the last hour that changed


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Admitted:
    """The bearer of a token, and what this person may see now."""

    caller: Caller
    sight: Sight


@dataclass(frozen=True, slots=True)
class Measurement:
    device_id: UUID
    at: datetime
    value: float


@dataclass(frozen=True, slots=True)
class ChangedHour:
    device_id: UUID
    start: datetime
    kwh: float | None
    readings: int
    expected: float | None
    quality: str
    version: int


class _ManyTokens(TokenAuthentication):
    """Checks the tokens of many callers against copies of their accounts that were read all at once."""

    def __init__(self, user_ids: Iterable[UUID]) -> None:
        accounts = User.objects.filter(pk__in=list(user_ids)).values_list("id", "role", "is_active", "deleted_at")
        self._copies = {id_: (role, active and deleted is None) for id_, role, active, deleted in accounts}

    def copy_of(self, user_id: UUID) -> tuple[str, bool] | None:
        return self._copies.get(user_id)


def admit(token: str) -> Admitted:
    """The person whose access token this is. Raises AuthenticationFailed, or PermissionDenied for a service."""
    caller = TokenAuthentication().caller(token)
    if caller.is_service:
        raise PermissionDenied("Only people watch.")
    return Admitted(caller, sights_of([caller])[caller.id])


def admit_again(tokens: Mapping[str, UUID]) -> dict[str, Admitted | None]:
    """The same for many people's tokens (token -> user id), in three queries.

    None for one that is not good any more; one that cannot be checked now is left out.
    """
    check = _ManyTokens(set(tokens.values()))
    callers: dict[str, Caller | None] = {}
    for token in tokens:
        try:
            callers[token] = check.caller(token)
        except AuthenticationFailed:
            callers[token] = None
        except APIException:
            continue
    sights = sights_of(caller for caller in callers.values() if caller is not None)
    return {token: None if caller is None else Admitted(caller, sights[caller.id]) for token, caller in callers.items()}


def sights_of(callers: Iterable[Caller]) -> dict[UUID, Sight]:
    """What each of these users may see now, in two queries; administrators share one Sight."""
    roles = {caller.id: caller.is_admin for caller in callers}
    periods: dict[UUID, dict[UUID, list[Period]]] = {user: {} for user, is_admin in roles.items() if not is_admin}
    mine = Assignment.objects.filter(user_id__in=list(periods), device_id__in=Device.live.values("id"))
    for user, device, since, until in mine.values_list("user_id", "device_id", "since", "until"):
        periods[user].setdefault(device, []).append(Period(since, until))
    sights = {user: Sight(frozenset(of_user), of_user) for user, of_user in periods.items()}
    if len(periods) < len(roles):
        everything = Sight(frozenset(Device.live.values_list("id", flat=True)), None)
        sights |= {user: everything for user, is_admin in roles.items() if is_admin}
    return sights


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


def statuses(device_ids: Iterable[UUID]) -> list[Any]:
    """What was last noted of how each device does: device_id, status, since, last_seen."""
    noted = DeviceStatus.objects.filter(device_id__in=list(device_ids))
    return list(noted.values("device_id", "status", "since", "last_seen"))


def alerts(ids: Iterable[UUID]) -> list[Any]:
    """What is told of these alerts."""
    fields = ("id", "device_id", "type", "code", "severity", "state", "start", "end", "message")
    return list(Alert.objects.filter(pk__in=list(ids)).values(*fields))


def open_alerts() -> list[UUID]:
    """Those that may have been raised while nobody listened."""
    return list(Alert.objects.filter(state=Alert.State.OPEN).values_list("id", flat=True))
