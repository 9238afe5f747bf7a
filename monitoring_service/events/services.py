from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone
from rest_framework.exceptions import NotFound

from monitoring_service.events.models import DeviceEvent
from monitoring_service.events.queries import visible_events
from monitoring_service.hours.rows import array
from service_kit.auth import Caller


def record_event(*, device_id: UUID, at: datetime, code: str, severity: str, message: str) -> tuple[DeviceEvent, bool]:
    """The event and whether it is news: the same code of the same instant is the same event, sent again."""
    return DeviceEvent.objects.get_or_create(
        device_id=device_id, at=at, code=code, defaults={"severity": severity, "message": message}
    )


def record_connection_changes(newest: Mapping[str, tuple[bool, datetime]]) -> None:
    """`connected` and `disconnected` of the devices whose connection differs from what was noted of it before."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO events_deviceevent (id, device_id, at, code, severity, message, note)
               SELECT gen_random_uuid(), i.device_id, i.at, CASE WHEN i.online THEN 'connected' ELSE 'disconnected' END,
                      CASE WHEN i.online THEN 'low' ELSE 'medium' END, '', ''
               FROM unnest(%s::uuid[], %s::boolean[], %s::timestamptz[]) AS i (device_id, online, at)
               LEFT JOIN devices_meterconnection c ON c.device_id = i.device_id
               WHERE coalesce(c.online, true) <> i.online ON CONFLICT DO NOTHING""",
            [
                array(newest),
                array(online for online, _ in newest.values()),
                array(f'"{at.isoformat()}"' for _, at in newest.values()),
            ],
        )


def acknowledge_event(*, caller: Caller, event_id: UUID, note: str) -> DeviceEvent:
    """Note that the caller has seen to it; who was first stays. Raises NotFound for an event that is not the caller's to see."""
    mine = visible_events(caller).filter(pk=event_id)
    found = mine.first()
    if found is None:
        raise NotFound(f"There is no event {event_id} that you may see.")
    DeviceEvent.objects.filter(pk=event_id, acknowledged_at=None).update(
        acknowledged_at=timezone.now(), acknowledged_by=caller.id, note=note
    )
    return mine.get()
