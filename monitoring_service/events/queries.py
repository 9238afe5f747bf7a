from django.db.models import Exists, OuterRef, QuerySet, Subquery

from monitoring_service.devices.models import Device
from monitoring_service.devices.queries import within_periods
from monitoring_service.events.models import DeviceEvent
from service_kit.auth import Caller


def visible_events(caller: Caller) -> QuerySet[DeviceEvent]:
    """Events of the devices and times that the caller may see, newest first, each with its `device_name`."""
    device = Device.live.filter(pk=OuterRef("device_id"))
    return (
        DeviceEvent.objects.filter(Exists(device), within_periods(caller))
        .annotate(device_name=Subquery(device.values("name")))
        .order_by("-at", "id")
    )
