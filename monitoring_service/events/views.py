from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.devices.credentials import MaySend, MeterAuthentication, MeterCaller
from monitoring_service.devices.models import Device
from monitoring_service.events.models import DeviceEvent
from monitoring_service.events.queries import visible_events
from monitoring_service.events.serializers import (
    AcknowledgeSerializer,
    EventSerializer,
    EventsQuestion,
    EventWriteSerializer,
)
from monitoring_service.events.services import acknowledge_event, record_event
from service_kit.auth import Caller, IsPerson, TokenAuthentication
from service_kit.schema import problems


class DeviceEvents(ListAPIView[DeviceEvent]):
    serializer_class = EventSerializer

    def get_authenticators(self) -> list[BaseAuthentication]:
        sends = self.request is None or self.request.method == "POST"
        return [TokenAuthentication(), MeterAuthentication()] if sends else [TokenAuthentication()]

    def get_permissions(self) -> list[BasePermission]:
        return [MaySend() if self.request.method == "POST" else IsPerson()]

    @extend_schema(
        operation_id="listDeviceEvents",
        tags=["events"],
        parameters=[EventsQuestion],
        responses=EventSerializer(many=True),
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What devices have reported, newest first."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[DeviceEvent]:
        asked = EventsQuestion.asked(self.request)
        events = visible_events(cast(Caller, self.request.user))
        for name, condition in (
            ("start", "at__gte"),
            ("end", "at__lt"),
            *((n, n) for n in ("device_id", "severity", "code")),
        ):
            if name in asked:
                events = events.filter(**{condition: asked[name]})
        if asked["acknowledged"] is not None:
            events = events.filter(acknowledged_at__isnull=not asked["acknowledged"])
        return events

    @extend_schema(
        operation_id="sendDeviceEvent",
        tags=["events"],
        request=EventWriteSerializer,
        responses={200: EventSerializer, 201: EventSerializer, **problems(400, 401, 403, 404)},
    )
    def post(self, request: Request) -> Response:
        """Report an event of a device: an administrator, or a meter by its own credential for itself. Again: 200."""
        words = EventWriteSerializer(data=request.data)
        words.is_valid(raise_exception=True)
        sent = words.validated_data
        device_id: UUID = sent["device_id"]
        if isinstance(request.user, MeterCaller) and request.user.id != device_id:
            raise PermissionDenied(
                f"This is the credential of device {request.user.id}; it may not send for {device_id}."
            )
        device = Device.live.filter(pk=device_id).first()
        if device is None:
            raise NotFound(f"There is no device {device_id}.")
        at = sent.get("timestamp") or datetime.now(UTC)
        event, is_new = record_event(
            device_id=device_id, at=at, code=sent["code"], severity=sent["severity"], message=sent["message"]
        )
        event.device_name = device.name  # type: ignore[attr-defined]
        return Response(EventSerializer(event).data, status=201 if is_new else 200)


class AcknowledgeDeviceEvent(APIView):
    @extend_schema(
        operation_id="acknowledgeDeviceEvent",
        tags=["events"],
        request=AcknowledgeSerializer,
        responses={200: EventSerializer, **problems(400, 401, 404)},
    )
    def post(self, request: Request, event_id: UUID) -> Response:
        """Say that you have seen to it; the first who says so stays."""
        words = AcknowledgeSerializer(data=request.data)
        words.is_valid(raise_exception=True)
        event = acknowledge_event(
            caller=cast(Caller, request.user), event_id=event_id, note=words.validated_data["note"]
        )
        return Response(EventSerializer(event).data)
