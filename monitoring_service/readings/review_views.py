"""`/api/monitoring/held`: readings that wait for an operator."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.readings import review
from monitoring_service.readings.models import DoubtfulReading
from service_kit.auth import Caller, IsAdmin
from service_kit.questions import Question


class HeldQuestion(Question):
    device_id = serializers.UUIDField(required=False)
    decision = serializers.ChoiceField(["open", "accepted", "discarded", "all"], default="open")


class HeldReadingSerializer(serializers.ModelSerializer[DoubtfulReading]):
    device_name = serializers.CharField(read_only=True)
    timestamp = serializers.DateTimeField(source="at", read_only=True)
    reason = serializers.ChoiceField(
        DoubtfulReading.Reason.choices,
        read_only=True,
        help_text="`dip`: a register fell by less than a tenth. "
        "`implausible`: more than 1.5 times what rated_power_w can take in the time. "
        "`dropped_month`: its hour's other readings were dropped; accepted, it is added to what the hour has.",
    )

    class Meta:
        model = DoubtfulReading
        fields = (
            "id", "device_id", "device_name", "timestamp", "value", "reason", "held_at", "decision", "decided_by",
            "decided_at",
        )  # fmt: skip
        read_only_fields = fields


class HeldReadings(ListAPIView[DoubtfulReading]):
    permission_classes = (IsAdmin,)
    serializer_class = HeldReadingSerializer

    @extend_schema(operation_id="listHeldReadings", tags=["readings"], parameters=[HeldQuestion])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Readings that do not count until an operator accepts them, oldest first (admin)."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[DoubtfulReading]:
        asked = HeldQuestion.asked(self.request)
        return review.doubtful_readings(decision=asked["decision"], device_id=asked.get("device_id"))


class _Decide(APIView):
    permission_classes = (IsAdmin,)
    decision: review.Decision

    def decided(self, request: Request, held_id: UUID) -> Response:
        review.decide(held_id=held_id, decision=self.decision, by=cast(Caller, request.user).id)
        (held,) = review.doubtful_readings(decision="all", device_id=None).filter(pk=held_id)
        return Response(HeldReadingSerializer(held).data)


_ANSWERS = {200: HeldReadingSerializer, 409: OpenApiResponse(description="It was decided the other way already.")}


class AcceptHeld(_Decide):
    decision = "accepted"

    @extend_schema(operation_id="acceptHeldReading", tags=["readings"], request=None, responses=_ANSWERS)
    def post(self, request: Request, held_id: UUID) -> Response:
        """Count the reading after all; every hour that follows from it is computed anew (admin)."""
        return self.decided(request, held_id)


class DiscardHeld(_Decide):
    decision = "discarded"

    @extend_schema(operation_id="discardHeldReading", tags=["readings"], request=None, responses=_ANSWERS)
    def post(self, request: Request, held_id: UUID) -> Response:
        """Leave the reading out for good; it stays on record (admin)."""
        return self.decided(request, held_id)
