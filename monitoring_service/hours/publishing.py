"""`publish_hours`: carries changed hours to the forecasts. The hour table is its own outbox, so a burst of changes to one hour
becomes one event, and what a crash leaves unmarked is sent once more with the same version."""

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import connection

from monitoring_service.hours.energy import Quality
from service_kit.events import ConsumptionHourly, HourState, encode
from service_kit.faults import fault_point
from service_kit.messaging import Publisher
from service_kit.relay import only_one

BATCH = 1_000
_LOCK = 0x484F555253
_NAMES = {quality.value: quality.name.lower() for quality in Quality}


def publish_hours_once(publisher: Publisher) -> int:
    """Send one batch of hours whose version is not published yet; how many. Raises what the publisher raises."""
    with only_one(_LOCK) as mine:
        if not mine:
            return 0
        with connection.cursor() as cursor:
            cursor.execute(
                """SELECT device_id, start, kwh, readings, expected, quality, version FROM hours_hour
                   WHERE published_version < version ORDER BY device_id, start LIMIT %s""",
                [BATCH],
            )
            waiting = cursor.fetchall()
        if not waiting:
            publisher.attend()
            return 0
        hours = [
            HourState(
                device_id=row[0],
                start=row[1],
                kwh=row[2],
                readings=row[3],
                expected=row[4],
                quality=_NAMES[row[5]],  # type: ignore[arg-type]
                version=row[6],
            )
            for row in waiting
        ]
        event = ConsumptionHourly(hours=hours)
        body = encode(event, version=max(hour.version for hour in hours))
        publisher.publish(body, routing_key=event.type)
        fault_point("hours_after_confirm")
        _mark([(row[0], row[1], row[6]) for row in waiting])
    return len(waiting)


def _mark(sent: list[tuple[UUID, datetime, int]]) -> None:
    """Note the versions that were sent; an hour that changed meanwhile stays due.

    An hour that ingest is writing at this moment is left alone: it is about to be due again, and to wait for it in another
    order than ingest takes its locks would be a deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH free AS MATERIALIZED (
                   SELECT h.device_id, h.start, i.version
                   FROM unnest(%s::uuid[], %s::timestamptz[], %s::int[]) AS i (device_id, start, version)
                   JOIN hours_hour h ON h.device_id = i.device_id AND h.start = i.start
                   WHERE h.published_version < i.version FOR UPDATE OF h SKIP LOCKED)
               UPDATE hours_hour h SET published_version = free.version
               FROM free WHERE h.device_id = free.device_id AND h.start = free.start""",
            [[row[0] for row in sent], [row[1] for row in sent], [row[2] for row in sent]],
        )


class PublishHours:
    """The job: one call sends one batch."""

    def __init__(self) -> None:
        self._publisher = Publisher(settings.BROKER_URL, name=f"{settings.SERVICE} publish_hours")

    def __call__(self) -> int:
        return publish_hours_once(self._publisher)
