from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.alerts.models import Alert, AlertRule
from monitoring_service.alerts.queries import visible_alerts, visible_rules
from monitoring_service.alerts.serializers import (
    AlertAnswerSerializer,
    AlertRuleSerializer,
    AlertSerializer,
    AlertsQuestion,
)
from monitoring_service.alerts.services import answer_alert, set_rule
from monitoring_service.devices.models import Device
from service_kit.auth import Caller, IsAdminOrReadOnly
from service_kit.schema import problems


class Alerts(ListAPIView[Alert]):
    serializer_class = AlertSerializer

    @extend_schema(operation_id="listAlerts", tags=["alerts"], parameters=[AlertsQuestion])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """What somebody should look at, newest first; `?read=false&page_size=1` counts what you have not read."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Alert]:
        asked = AlertsQuestion.asked(self.request)
        alerts = visible_alerts(cast(Caller, self.request.user))
        for name, condition in (
            ("start", "start__gte"),
            ("end", "start__lt"),
            *((n, n) for n in ("device_id", "type", "severity", "state")),
        ):
            if name in asked:
                alerts = alerts.filter(**{condition: asked[name]})
        if asked["read"] is not None:
            alerts = alerts.filter(read=asked["read"])  # type: ignore[misc]  # an annotation
        if asked["acknowledged"] is not None:
            alerts = alerts.filter(acknowledged_at__isnull=not asked["acknowledged"])
        return alerts


class AlertDetail(APIView):
    @extend_schema(
        operation_id="answerAlert",
        tags=["alerts"],
        request=AlertAnswerSerializer,
        responses={200: AlertSerializer, **problems(400, 401, 404)},
    )
    def patch(self, request: Request, alert_id: UUID) -> Response:
        """Say that you have read it, see to it, what you found, or that it is normal."""
        words = AlertAnswerSerializer(data=request.data)
        words.is_valid(raise_exception=True)
        alert = answer_alert(caller=cast(Caller, request.user), alert_id=alert_id, **words.validated_data)
        return Response(AlertSerializer(alert).data)


class AlertRules(ListAPIView[AlertRule]):
    serializer_class = AlertRuleSerializer

    def get_permissions(self) -> list[BasePermission]:
        return [IsAdminOrReadOnly()]

    @extend_schema(operation_id="listAlertRules", tags=["alerts"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Of which devices which alerts are raised; what no rule names is raised."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[AlertRule]:
        return visible_rules(cast(Caller, self.request.user))

    @extend_schema(
        operation_id="setAlertRule",
        tags=["alerts"],
        request=AlertRuleSerializer,
        responses={200: AlertRuleSerializer, **problems(400, 401, 403, 404)},
    )
    def put(self, request: Request) -> Response:
        """Raise alerts of a type for a device or for all, or do not."""
        words = AlertRuleSerializer(data=request.data)
        words.is_valid(raise_exception=True)
        sent = words.validated_data
        if sent["device_id"] is not None and not Device.live.filter(pk=sent["device_id"]).exists():
            raise NotFound(f"There is no device {sent['device_id']}.")
        rule = set_rule(type_=sent["type"], device_id=sent["device_id"], enabled=sent["enabled"])
        return Response(AlertRuleSerializer(rule).data)
