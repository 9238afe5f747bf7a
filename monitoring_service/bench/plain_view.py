"""What the hour queries are held against: a DRF view over the same table that loads model instances and serialises them.

Also the URL configuration that serves it beside the service's own.
"""

from typing import Any

from django.db.models import QuerySet
from django.urls import path
from rest_framework import serializers
from rest_framework.generics import ListAPIView

from monitoring_service.config.urls import handler400, handler404, handler500
from monitoring_service.config.urls import urlpatterns as own
from monitoring_service.devices.queries import visible_devices
from monitoring_service.hours.models import Hour

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]


class HourSerializer(serializers.ModelSerializer[Hour]):
    class Meta:
        model = Hour
        fields = ("device_id", "start", "kwh", "readings", "expected", "quality")


class PlainHours(ListAPIView[Hour]):
    serializer_class = HourSerializer
    pagination_class = None

    def get_queryset(self) -> QuerySet[Hour]:
        asked: Any = self.request.query_params
        device = visible_devices(self.request.user).get(pk=asked["device_id"])  # type: ignore[arg-type]
        return Hour.objects.filter(device_id=device.pk, start__gte=asked["start"], start__lt=asked["end"]).order_by(
            "start"
        )


urlpatterns = [*own, path("plain", PlainHours.as_view())]
