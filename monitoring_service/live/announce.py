"""What writers tell the live process, in their own transaction: PostgreSQL sends it when, and only if, they commit.

A notice names devices and hours and carries no energy: the live process reads what it shows, for those who watch.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from monitoring_service.hours.storing import ChangedHours

CHANNEL = "live"
# A notice may hold 8,000 bytes; a device takes about 70.
DEVICES_PER_NOTICE = 100


def announce_hours(changed: list[ChangedHours]) -> None:
    """These hours of these devices have changed (with them, perhaps, their newest reading)."""
    for first in range(0, len(changed), DEVICES_PER_NOTICE):
        part = changed[first : first + DEVICES_PER_NOTICE]
        spans = {c.device_id: [c.first_us // 1_000_000, c.last_us // 1_000_000] for c in part}
        _notify({"hours": spans})


def announce_access() -> None:
    """Users, devices or assignments have changed: who may see what must be looked up again."""
    _notify({"access": True})


def announce_statuses(device_ids: Sequence[UUID]) -> None:
    """How these devices do has changed."""
    _notify_ids("statuses", device_ids)


def announce_alerts(alert_ids: Sequence[UUID]) -> None:
    """These alerts were raised, or have changed."""
    _notify_ids("alerts", alert_ids)


def _notify_ids(what: str, ids: Sequence[UUID]) -> None:
    for first in range(0, len(ids), DEVICES_PER_NOTICE):
        _notify({what: [str(each) for each in ids[first : first + DEVICES_PER_NOTICE]]})


def _notify(notice: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, json.dumps(notice, separators=(",", ":"))])
