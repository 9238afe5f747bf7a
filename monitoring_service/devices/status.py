"""Who notices that a meter fell silent: a job that compares how each device does with what was last told of it."""

from django.db import connection, transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce, Now

from monitoring_service.alerts.services import follow_silence
from monitoring_service.devices.models import Device, DeviceStatus
from monitoring_service.devices.queries import with_last_seen
from monitoring_service.live.announce import announce_statuses

EVERY_SECONDS = 5
_LOCK = 0x53544154


@transaction.atomic
def note_statuses() -> int:
    """Note the devices whose status has changed, and tell live viewers once of each; how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])  # a second process would tell the same again
    told = DeviceStatus.objects.filter(device_id=OuterRef("pk")).values("status")
    changed = (
        with_last_seen(Device.live.all())
        .annotate(told=Coalesce(Subquery(told), Value(DeviceStatus.Status.NEVER)))
        .exclude(status=F("told"))
        .values_list("pk", "status", "last_seen")
    )
    rows = [
        DeviceStatus(device_id=device, status=status, since=Now(), last_seen=last_seen)
        for device, status, last_seen in changed
    ]
    DeviceStatus.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["device_id"], update_fields=["status", "since", "last_seen"]
    )
    announce_statuses([row.device_id for row in rows])
    follow_silence(
        silent=[(row.device_id, row.last_seen) for row in rows if row.status == DeviceStatus.Status.SILENT],
        back=[row.device_id for row in rows if row.status == DeviceStatus.Status.ONLINE],
    )
    return len(rows)
