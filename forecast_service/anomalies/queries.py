"""Anomalies, as they are asked for."""

from datetime import datetime

from django.db.models import QuerySet

from forecast_service.anomalies.models import Anomaly
from forecast_service.devices.queries import devices_visible_to
from forecast_service.forecasts.scopes import Scope, meters_of
from service_kit.auth import Caller


def anomalies_visible_to(
    caller: Caller, *, scope: Scope | None = None, start: datetime | None = None, end: datetime | None = None
) -> QuerySet[Anomaly]:
    """Newest first, those that touch [start, end). Raises UnknownScope."""
    if scope is None:
        anomalies = Anomaly.objects.filter(device_id__in=devices_visible_to(caller).values("pk"))
    else:
        anomalies = Anomaly.objects.filter(device_id__in=[meter.id for meter in meters_of(scope, caller)])
    if start is not None:
        anomalies = anomalies.filter(end__gt=start)
    if end is not None:
        anomalies = anomalies.filter(start__lt=end)
    return anomalies.order_by("-start", "pk")
