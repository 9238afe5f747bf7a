from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from monitoring_service.devices.queries import within_periods
from monitoring_service.readings.models import Reading
from service_kit.auth import Caller


def readings_of(*, caller: Caller, device_id: UUID, start: datetime | None, end: datetime | None) -> QuerySet[Reading]:
    """A device's readings with start < timestamp <= end that the caller may see."""
    readings: QuerySet[Reading] = Reading.objects.filter(within_periods(caller), device_id=device_id)
    if start is not None:
        readings = readings.filter(at__gt=start)
    if end is not None:
        readings = readings.filter(at__lte=end)
    return readings
