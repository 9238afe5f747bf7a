from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, QuerySet, Sum
from django.db.models.expressions import RawSQL

from monitoring_service.hours.models import Hour
from monitoring_service.people.models import User
from monitoring_service.reports.models import Report, Schedule
from service_kit.auth import Caller

_REPORT = Report._meta.db_table
# No clock tells whether an hour was corrected before or after the report was made: the hours' own versions do.
_REVISED = f"""{_REPORT}.state = 'done' AND {_REPORT}.revisions <> (
    SELECT coalesce(sum(hour.version), 0) FROM {Hour._meta.db_table} hour
    WHERE hour.device_id = ANY({_REPORT}.device_ids) AND hour.start >= {_REPORT}.start AND hour.start < {_REPORT}."end"
        AND hour.revised_at IS NOT NULL)"""


def revisions(device_ids: Sequence[UUID], start: datetime, end: datetime) -> int:
    """Is another when an hour of these was corrected after it was closed."""
    hours = Hour.objects.filter(device_id__in=device_ids, start__gte=start, start__lt=end, revised_at__isnull=False)
    return int(hours.aggregate(sum=Sum("version"))["sum"] or 0)


def visible_reports(caller: Caller) -> QuerySet[Any]:
    """One's own, newest first; an administrator's are all. Each tells whether hours of it were `revised` since it was made."""
    return _own(Report.objects.all(), caller).annotate(revised=RawSQL(_REVISED, [], BooleanField()))


def visible_schedules(caller: Caller) -> QuerySet[Schedule]:
    """With the report that each made last."""
    return _own(Schedule.objects.select_related("last_report"), caller)


def _own(rows: QuerySet[Any], caller: Caller) -> QuerySet[Any]:
    return (rows if caller.is_admin else rows.filter(owner_id=caller.id)).order_by("-created_at", "id")


def who(user_id: UUID) -> Caller | None:
    """The user as a caller, for what is made in the name of somebody who is not there; None for whom it may not be made any more."""
    found = User.objects.filter(pk=user_id).values_list("username", "role", "is_active", "deleted_at").first()
    if found is None:  # the account's event has not come yet: nobody but a client can be so new
        return Caller(user_id, "", "client")
    username, role, is_active, deleted_at = found
    return Caller(user_id, username, role) if is_active and deleted_at is None else None
