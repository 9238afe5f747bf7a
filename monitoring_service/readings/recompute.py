"""What follows from a change of the device itself: its hours are computed anew, some weeks in each transaction."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max, Min

from monitoring_service.hours.aggregation import recompute_span
from monitoring_service.hours.energy import HOUR
from monitoring_service.hours.models import Hour, RecomputeRequest
from monitoring_service.live.announce import announce_hours
from monitoring_service.readings.checks import to_us
from monitoring_service.readings.models import Reading
from monitoring_service.readings.services import known_devices
from monitoring_service.readings.storing import lock_devices

SPAN = timedelta(days=31)
_EVER = datetime(1999, 12, 31, tzinfo=UTC)


def request_recompute(*, device_id: UUID, since: datetime | None = None) -> None:
    """Have the device's hours computed anew from the last reading before `since` on (None: all of them).

    In the transaction that changes the device. Whoever stores readings of it at this moment commits before, and is computed
    again, or finds the device as it is now.
    """
    with connection.cursor() as cursor:
        # Also for a device without any reading: its first one may be on its way.
        cursor.execute(
            """INSERT INTO readings_lastreading AS l (device_id, at, value) VALUES (%s, '-infinity', 0)
               ON CONFLICT (device_id) DO UPDATE SET at = l.at""",
            [device_id],
        )
        cursor.execute("DELETE FROM readings_lastreading WHERE device_id = %s AND at = '-infinity'", [device_id])
        if since is not None:
            before = Reading.objects.filter(device_id=device_id, at__lt=since).aggregate(at=Max("at"))["at"]
            since = before or since
        cursor.execute(
            """INSERT INTO hours_recomputerequest AS r (device_id, since) VALUES (%s, %s)
               ON CONFLICT (device_id) DO UPDATE SET since = least(r.since, EXCLUDED.since)""",
            [device_id, since or _EVER],
        )


@transaction.atomic
def recompute_once() -> int:
    """One span of one device whose hours are due; how many spans that was."""
    request = RecomputeRequest.objects.select_for_update(skip_locked=True).order_by("device_id").first()
    if request is None:
        return 0
    key = str(request.device_id)
    lock_devices([request.device_id])
    device = known_devices([key]).get(key)
    low_us, end_us = _extent(request)
    if device is None or device.deleted or low_us >= end_us:
        request.delete()
        return 1
    high_us = min(end_us, low_us + int(SPAN.total_seconds()) * 1_000_000)
    announce_hours(recompute_span(device_id=key, meter=device.meter, low_us=low_us, high_us=high_us))
    if high_us >= end_us:
        request.delete()
    else:
        request.since = datetime.fromtimestamp(high_us // 1_000_000, UTC)
        request.save(update_fields=["since"])
    return 1


def _extent(request: RecomputeRequest) -> tuple[int, int]:
    """Whole hours [low, end) that the device has readings or hours in, from the request on; microseconds since 1970."""
    readings = Reading.objects.filter(device_id=request.device_id).aggregate(first=Min("at"), last=Max("at"))
    hours = Hour.objects.filter(device_id=request.device_id).aggregate(first=Min("start"), last=Max("start"))
    # A reading's energy lies before it, however long its interval.
    earliest = [at - SPAN for at in (readings["first"],) if at] + [at for at in (hours["first"],) if at]
    latest = [at for at in (readings["last"], hours["last"]) if at]
    if not earliest:
        return 0, 0
    low = max(request.since, min(earliest))
    return (to_us(low) - 1) // HOUR * HOUR, (to_us(max(latest)) // HOUR + 1) * HOUR
