"""Reports: asked for by anybody, made by the job `make_reports` in the name of who asked, with what that one may see then."""

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from rest_framework.exceptions import APIException, NotFound, ValidationError

from monitoring_service.devices.selection import Chosen, common_zone
from monitoring_service.reports.content import NothingKnown, content_of, has_energy, summary
from monitoring_service.reports.files import file_of
from monitoring_service.reports.models import Format, Report, ReportFile, Schedule
from monitoring_service.reports.periods import Asked, BadPeriod, Between, Period, instant, period_of
from monitoring_service.reports.queries import revisions, who
from monitoring_service.reports.scopes import Scope, devices_of, name_of, parse_scope
from service_kit.auth import Caller
from service_kit.errors import Conflict

log = structlog.get_logger(__name__)
LEASE = timedelta(minutes=5)
MAX_TRIES = 3
OPEN_AT_MOST = 20
_OPEN = (Report.State.QUEUED, Report.State.RUNNING)


class NothingToReport(APIException):
    """An empty file would not say why it is empty."""

    status_code = 422
    default_detail = NothingKnown.__doc__


class TooManyWait(APIException):
    status_code = 429
    default_detail = f"{OPEN_AT_MOST} of your reports are still to be made. Ask again when some are done."


class NotReady(Conflict):
    """The report's file is not there (yet): its text says why."""


def ask_for_report(*, caller: Caller, scope: Scope, period: Asked | Between, format_: str) -> Report:
    """Raises NotFound for what the caller may not see, NothingToReport, TooManyWait, or ValidationError for a time to come."""
    devices = devices_of(scope, caller)
    zone = common_zone(devices)
    now = datetime.now(UTC)
    try:
        found = period_of(period, zone, now)
    except BadPeriod as error:
        raise ValidationError({"period": [str(error)]}) from None
    if not has_energy(devices, *found.bounds(zone), zone):
        raise NothingToReport
    if Report.objects.filter(owner_id=caller.id, state__in=_OPEN).count() >= OPEN_AT_MOST:
        raise TooManyWait
    return new_report(
        owner_id=caller.id, scope=scope, name=name_of(scope, devices), period=found, zone=zone, format_=format_
    )


def new_report(
    *,
    owner_id: UUID,
    scope: Scope,
    name: str,
    period: Period,
    zone: ZoneInfo,
    format_: str,
    schedule: Schedule | None = None,
) -> Report:
    start, end = (instant(at) for at in period.bounds(zone))
    return Report.objects.create(
        owner_id=owner_id, schedule=schedule, scope=scope.text, scope_name=name[:300], unit=period.unit, start=start,
        end=end, timezone=zone.key, format=format_,
    )  # fmt: skip


def make_reports() -> int:
    """The job: each call makes one report; how many there were."""
    report = _claim()
    if report is None:
        return 0
    caller = who(report.owner_id)
    try:
        if caller is None:
            raise NotFound("The account that asked for it is no longer active.")
        _make(report, devices_of(parse_scope(report.scope), caller))
    except (NothingKnown, NotFound) as error:
        _fail(report, str(error))
    return 1


def _claim() -> Report | None:
    now = timezone.now()
    free = Q(state=Report.State.QUEUED) | Q(state=Report.State.RUNNING, lease_until__lt=now)
    for candidate in Report.objects.filter(free).order_by("created_at")[:5]:
        # Whoever had it before and did not come back may have died of it.
        if candidate.tries >= MAX_TRIES:
            _fail(candidate, f"Making it ended {MAX_TRIES} times. Ask for fewer devices or a shorter time.")
        elif Report.objects.filter(free, pk=candidate.pk, tries=candidate.tries).update(
            state=Report.State.RUNNING, lease_until=now + LEASE, tries=F("tries") + 1
        ):
            candidate.refresh_from_db()
            return candidate
    return None


def _make(report: Report, devices: list[Chosen]) -> None:
    zone = ZoneInfo(report.timezone)
    first, end = (at.astimezone(zone).date() for at in (report.start, report.end))
    period = Period(report.unit, first, end)  # type: ignore[arg-type]
    device_ids = [device.id for device in devices]
    # Before the hours are: what is corrected meanwhile makes it a revised one.
    seen = revisions(device_ids, report.start, report.end)
    content = content_of(report.scope_name, devices, period, zone, timezone.now())
    body = file_of(content, Format(report.format))
    with transaction.atomic():
        is_mine = Report.objects.filter(pk=report.pk, state=Report.State.RUNNING, tries=report.tries).update(
            state=Report.State.DONE,
            finished_at=timezone.now(),
            device_ids=device_ids,
            revisions=seen,
            summary=summary(content),
            size=len(body),
        )
        if is_mine:
            ReportFile.objects.create(report=report, body=body)
    log.info("report made", report=str(report.pk), bytes=len(body))


def _fail(report: Report, reason: str) -> None:
    Report.objects.filter(pk=report.pk, tries=report.tries).update(
        state=Report.State.FAILED, error=reason, finished_at=timezone.now()
    )
    log.info("report failed", report=str(report.pk), error=reason)


def file_of_report(report: Report) -> bytes:
    """Raises NotReady."""
    if report.state == Report.State.DONE:
        return bytes(ReportFile.objects.values_list("body", flat=True).get(pk=report.pk))
    if report.state == Report.State.FAILED:
        raise NotReady(f"This report could not be made: {report.error}")
    raise NotReady(f"This report is {report.state}. Ask for its file when GET /api/reports/{report.pk} says done.")


def forget_reports_of(user_id: UUID) -> None:
    """Of a person who is gone: what they asked for, and what others asked for about all that was theirs."""
    theirs = Q(owner_id=user_id) | Q(scope=f"user_{user_id}_all")
    Report.objects.filter(theirs).delete()
    Schedule.objects.filter(theirs).delete()


def purge_reports() -> int:
    """Forget reports when they have been kept for REPORT_KEEP_DAYS; how many rows."""
    if not settings.REPORT_KEEP_DAYS:
        return 0
    old = timezone.now() - timedelta(days=settings.REPORT_KEEP_DAYS)
    return Report.objects.filter(finished_at__lt=old).delete()[0]
