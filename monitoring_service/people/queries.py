import uuid
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.db.models import OuterRef, QuerySet, Subquery

from monitoring_service.devices.models import Assignment
from monitoring_service.events.queries import visible_events
from monitoring_service.hours.energy import Quality
from monitoring_service.hours.models import Hour
from monitoring_service.people.models import Profile, User
from monitoring_service.readings.models import DoubtfulReading
from monitoring_service.reports.models import Report, Schedule
from monitoring_service.uploads.models import Upload
from service_kit.auth import Caller

# An hour at the edge of a period tells of its quarters inside it alone.
_HOURS = f"""
SELECT hour.device_id, hour.start, hour.quality,
    CASE WHEN inside.complete THEN hour.kwh ELSE (
        SELECT sum(kwh) FROM (VALUES (0, q1), (1, q2), (2, q3), (3, q4)) quarter (n, kwh)
        WHERE hour.start + n * interval '15 minutes' >= coalesce(since, '-infinity')
        AND hour.start + (n + 1) * interval '15 minutes' <= coalesce(until, 'infinity')
    ) END
FROM {Assignment._meta.db_table} assignment
JOIN {Hour._meta.db_table} hour ON hour.device_id = assignment.device_id
    AND hour.start > coalesce(since, '-infinity') - interval '1 hour' AND hour.start < coalesce(until, 'infinity'),
LATERAL (SELECT hour.start >= coalesce(since, '-infinity')
    AND hour.start + interval '1 hour' <= coalesce(until, 'infinity')) inside (complete)
WHERE assignment.user_id = %s
ORDER BY hour.device_id, hour.start
"""


def visible_users(caller: Caller) -> QuerySet[User]:
    """Everybody for an administrator, oneself for others; with first_name, last_name and timezone where known."""
    users: QuerySet[User] = User.live.all()
    if not caller.is_admin:
        users = users.filter(pk=caller.id)
    profile = Profile.live.filter(pk=OuterRef("pk"))
    return users.annotate(
        first_name=Subquery(profile.values("first_name")),
        last_name=Subquery(profile.values("last_name")),
        timezone=Subquery(profile.values("timezone")),
    ).order_by("username", "id")


def personal_data(user_id: uuid.UUID) -> dict[str, Any]:
    """What this service holds of the person, for its export: the hours (kWh) and events of the devices within the periods,
    and what the person did here. `kwh` is None where nothing is known.
    """
    # An admin sees every device; what is the admin's own is what a client would see.
    events = visible_events(Caller(user_id, "", "client"))
    return {
        "hours": _hours_of(user_id),
        "events": events.values("device_id", "at", "code", "severity", "message", "acknowledged_at", "note").iterator(),
        "uploads": list(
            Upload.objects.filter(uploaded_by=user_id)
            .order_by("created_at", "id")
            .values("id", "file_name", "created_at")
        ),
        "reports": list(
            Report.objects.filter(owner_id=user_id)
            .order_by("created_at", "id")
            .values("id", "scope", "scope_name", "start", "end", "format", "created_at", "mailed_at")
        ),
        "report_schedules": list(
            Schedule.objects.filter(owner_id=user_id)
            .order_by("created_at", "id")
            .values("id", "scope", "scope_name", "every", "format", "by_mail", "enabled", "created_at")
        ),
        "decisions": list(
            DoubtfulReading.objects.filter(decided_by=user_id)
            .order_by("decided_at", "id")
            .values("device_id", "at", "value", "decision", "decided_at")
        ),
    }


def _hours_of(user_id: uuid.UUID) -> Iterator[dict[str, Any]]:
    # A cursor of the server's: a person's years need not lie in memory.
    with connection.chunked_cursor() as cursor:
        cursor.execute(_HOURS, [user_id])
        for device_id, start, quality, kwh in cursor:
            yield {"device_id": device_id, "start": start, "kwh": kwh, "quality": Quality(quality).name.lower()}
