"""A device that takes more in an hour than its `max_consumption`: one alert for as long as that lasts.

The hours of the last two days are looked at anew each time, so that corrections and late readings are followed. An hour counts when
it is complete, or when its grace time is over: before that it may still grow. Between limit and 90% of it nothing begins or ends.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from monitoring_service.alerts.models import Alert
from monitoring_service.alerts.money import price_alerts
from monitoring_service.alerts.queries import wanted
from monitoring_service.alerts.services import change_alerts
from monitoring_service.hours.energy import Quality
from service_kit.words import energy

EVERY_SECONDS = 60
LOOK_BACK = timedelta(hours=48)
CLEARS_BELOW = 0.9
HOUR = timedelta(hours=1)
_LOCK = 0x4C494D4954


@dataclass(frozen=True)
class High:
    """An hour that is not below 90% of the limit, and known well enough; whether it is the newest that is known so."""

    device_id: UUID
    start: datetime
    kwh: float
    limit: float
    newest: bool


@dataclass
class Excess:
    """Hours on end, from the first above the limit to the last that is not below 90% of it; `open` while it may go on."""

    device_id: UUID
    start: datetime
    end: datetime
    limit_kwh: float
    kwh: float
    open: bool = False


def excesses(hours: Sequence[High]) -> Iterator[Excess]:
    """The excesses in one device's high hours, which come in order of time."""
    current: Excess | None = None
    for hour in hours:
        if current is not None and hour.start == current.end:
            current.end += HOUR
            current.kwh += hour.kwh
            current.limit_kwh += hour.limit
        elif hour.kwh > hour.limit:
            if current is not None:
                yield current
            current = Excess(hour.device_id, hour.start, hour.start + HOUR, hour.limit, hour.kwh)
        if current is not None:
            current.open = hour.newest and current.end == hour.start + HOUR
    if current is not None:
        yield current


@transaction.atomic
def follow_thresholds() -> int:
    """Raise, prolong and end the alerts of the last two days as their hours are now; how many changed."""
    since = datetime.now(UTC) - LOOK_BACK
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])  # a second process would raise the same again
    hours = _high_hours(since)
    found = {
        device: list(excesses(list(of_device))) for device, of_device in groupby(hours, key=attrgetter("device_id"))
    }
    known: dict[UUID, list[Alert]] = {}
    # An hour of these days cannot touch what was over before them; what is still open may have to be ended.
    lately = Alert.objects.filter(type=Alert.Type.THRESHOLD).filter(Q(state=Alert.State.OPEN) | Q(end__gte=since))
    for alert in lately.order_by("start"):
        known.setdefault(alert.device_id, []).append(alert)
    told = wanted(Alert.Type.THRESHOLD, found)
    changed = 0
    for device in found.keys() | known.keys():
        changed += _follow(found.get(device, []), known.get(device, []), since, raises=device in told)
    return changed


def _follow(found: list[Excess], known: list[Alert], since: datetime, *, raises: bool) -> int:
    """Bring one device's alerts in line with its excesses: those that touch are the same one."""
    changed = 0
    left = [alert for alert in known if alert.end is not None]
    for excess in found:
        same = next((a for a in left if a.end and a.start <= excess.end and excess.start <= a.end), None)
        if same is None:
            if raises:
                alert = Alert.objects.create(**_values(excess), device_id=excess.device_id)
                change_alerts([alert.pk])
                price_alerts([alert.pk])
                changed += 1
            continue
        left.remove(same)
        values = _values(excess)
        if same.start < since:
            # Its beginning is out of sight.
            for name in ("start", "expected_kwh", "actual_kwh"):
                values[name] = getattr(same, name)
        if same.state == Alert.State.NORMAL:
            values["state"] = Alert.State.NORMAL
        if any(getattr(same, name) != value for name, value in values.items()):
            change_alerts([same.pk], **values)
            price_alerts([same.pk])
            changed += 1
    # What no hour bears out any more was corrected away, or is too long ago to go on.
    over = [alert.pk for alert in left if alert.state == Alert.State.OPEN]
    if over:
        change_alerts(over, state=Alert.State.ENDED)
    return changed + len(over)


def _values(excess: Excess) -> dict[str, object]:
    hours = round((excess.end - excess.start) / HOUR)
    return {
        "type": Alert.Type.THRESHOLD,
        "code": "max_consumption",
        "severity": Alert.Severity.HIGH if excess.kwh > 1.5 * excess.limit_kwh else Alert.Severity.MEDIUM,
        "state": Alert.State.OPEN if excess.open else Alert.State.ENDED,
        "start": excess.start,
        "end": excess.end,
        "expected_kwh": excess.limit_kwh,
        "actual_kwh": excess.kwh,
        "message": f"Above its limit: {energy(excess.kwh)} in {hours} h, at most {energy(excess.limit_kwh)} expected.",
        "recommendation": "Look at what runs, or raise the device's limit.",
    }


def _high_hours(since: datetime) -> list[High]:
    """By device and time, of devices that have a limit."""
    known = "(h.quality <> %(partial)s OR h.start < now() - interval '1 hour' - make_interval(mins => %(grace)s))"
    with connection.cursor() as cursor:
        cursor.execute(
            f"""WITH high AS MATERIALIZED (
                   SELECT h.device_id, h.start, h.kwh, d.max_consumption
                   FROM devices_device d
                   JOIN hours_hour h ON h.device_id = d.id AND h.start >= %(since)s
                   WHERE d.deleted_at IS NULL AND h.kwh >= %(clears)s * d.max_consumption AND {known})
                SELECT high.*, NOT EXISTS (
                    SELECT FROM hours_hour h
                    WHERE h.device_id = high.device_id AND h.start > high.start AND h.kwh IS NOT NULL AND {known})
                FROM high ORDER BY device_id, start""",
            {
                "since": since,
                "clears": CLEARS_BELOW,
                "partial": int(Quality.PARTIAL),
                "grace": settings.GRACE_MINUTES,
            },
        )
        return [High(*row) for row in cursor.fetchall()]
