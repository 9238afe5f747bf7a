from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView

from monitoring_service.devices.models import Device
from monitoring_service.devices.queries import visible_devices, with_last_seen
from monitoring_service.devices.serializers import DevicesQuestion, MonitoredDeviceSerializer


@extend_schema_view(
    get=extend_schema(
        operation_id="listMonitoredDevices",
        tags=["devices"],
        parameters=[DevicesQuestion],
    )
)
class MonitoredDevices(ListAPIView[Device]):
    """The devices that the caller may see, with when each was last heard of."""

    serializer_class = MonitoredDeviceSerializer

    def get_queryset(self) -> QuerySet[Device]:
        devices = visible_devices(self.request.user)  # type: ignore[arg-type]
        asked = DevicesQuestion.asked(self.request)
        if search := asked.get("search"):
            devices = devices.filter(name__icontains=search)
        return with_last_seen(devices)
