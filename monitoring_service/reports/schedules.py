"""Reports that come by themselves: the job `follow_schedules` makes one when its period is over and its hours are closed."""

from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import NotFound

from monitoring_service.devices.selection import common_zone
from monitoring_service.reports.models import Report, Schedule
from monitoring_service.reports.periods import Period, Unit, instant, period_with
from monitoring_service.reports.queries import visible_schedules, who
from monitoring_service.reports.scopes import Scope, devices_of, name_of, parse_scope
from monitoring_service.reports.services import new_report
from service_kit.auth import Caller
from service_kit.errors import Conflict

log = structlog.get_logger(__name__)
SCHEDULES_AT_MOST = 50


class TooManySchedules(Conflict):
    """You have 50 schedules. Delete one that you do not need."""

    default_detail = __doc__


def due_at(period: Period, zone: ZoneInfo) -> datetime:
    """When the period is over and its last hour is closed."""
    return instant(period.bounds(zone)[1]) + timedelta(minutes=settings.GRACE_MINUTES)


def add_schedule(*, caller: Caller, scope: Scope, every: str, **fields: Any) -> Schedule:
    """The first report is of the running period. Raises NotFound for what the caller may not see, TooManySchedules."""
    if Schedule.objects.filter(owner_id=caller.id).count() >= SCHEDULES_AT_MOST:
        raise TooManySchedules
    devices = devices_of(scope, caller)
    if not devices:
        raise NotFound("There is no device that you may see.")
    zone = common_zone(devices)
    period = _running(every, zone)
    return Schedule.objects.create(
        owner_id=caller.id, scope=scope.text, scope_name=name_of(scope, devices)[:300], every=every,
        next_day=period.first, due_at=due_at(period, zone), **fields,
    )  # fmt: skip


@transaction.atomic
def change_schedule(
    *, caller: Caller, schedule_id: UUID, scope: Scope | None = None, every: str | None = None, **fields: Any
) -> Schedule:
    """None leaves it; another rhythm or scope, or being enabled again, begins with the running period. Raises NotFound."""
    schedule = visible_schedules(caller).filter(pk=schedule_id).select_for_update(of=("self",)).first()
    owner = who(schedule.owner_id) if schedule else None
    if schedule is None or owner is None:
        raise NotFound(f"There is no schedule {schedule_id} that you may see.")
    begins_anew = fields.get("enabled", False) and not schedule.enabled
    if scope is not None or every is not None or begins_anew:
        scope = scope or parse_scope(schedule.scope)
        devices = devices_of(scope, owner)  # an administrator may change what they see, not what the owner does
        zone = common_zone(devices)
        schedule.scope, schedule.scope_name = scope.text, name_of(scope, devices)[:300]
        if begins_anew or (every or schedule.every) != schedule.every:
            schedule.every = every or schedule.every
            period = _running(schedule.every, zone)
            schedule.next_day, schedule.due_at = period.first, due_at(period, zone)
    for name, value in fields.items():
        setattr(schedule, name, value)
    schedule.save()
    return schedule


def _running(every: str, zone: ZoneInfo) -> Period:
    return period_with(cast(Unit, every), datetime.now(UTC).astimezone(zone).date())


def follow_schedules() -> int:
    """The job: asks for the report of one schedule that is due; how many there were.

    The schedule moves on in the same transaction, so that each period has one report whatever dies, and however many processes look.
    """
    with transaction.atomic():
        waiting = Schedule.objects.select_for_update(skip_locked=True, of=("self",))
        schedule = waiting.filter(enabled=True, due_at__lte=timezone.now()).order_by("due_at").first()
        if schedule is None:
            return 0
        owner = who(schedule.owner_id)
        scope = parse_scope(schedule.scope)
        try:
            if owner is None:
                raise NotFound("The account is no longer active.")
            devices = devices_of(scope, owner)
        except NotFound as error:
            # What is seen again, or who is active again, may enable it again.
            Schedule.objects.filter(pk=schedule.pk).update(enabled=False)
            log.warning("schedule ended", schedule=str(schedule.pk), reason=str(error))
            return 1
        zone = common_zone(devices)
        period = period_with(cast(Unit, schedule.every), schedule.next_day)
        report = new_report(
            owner_id=schedule.owner_id, scope=scope, name=name_of(scope, devices), period=period, zone=zone,
            format_=schedule.format, schedule=schedule,
        )  # fmt: skip
        if schedule.by_mail and settings.MAIL_SERVER is not None:
            Report.objects.filter(pk=report.pk).update(mail_due_at=timezone.now())
        following = period_with(cast(Unit, schedule.every), period.end)
        Schedule.objects.filter(pk=schedule.pk).update(
            last_report=report, next_day=following.first, due_at=due_at(following, zone), scope_name=report.scope_name
        )
    return 1
