from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from monitoring_service.events.models import DeviceEvent
from service_kit.questions import Question

AHEAD_AT_MOST = timedelta(hours=24)
Severity = DeviceEvent.Severity


class EventsQuestion(Question):
    device_id = serializers.UUIDField(required=False)
    severity = serializers.ChoiceField(Severity.choices, required=False)
    code = serializers.CharField(required=False, max_length=64)
    acknowledged = serializers.BooleanField(required=False, allow_null=True, default=None)
    start = serializers.DateTimeField(required=False, help_text="Events at or after this instant.")
    end = serializers.DateTimeField(required=False, help_text="Events before this instant.")


class EventSerializer(serializers.ModelSerializer[DeviceEvent]):
    device_name = serializers.CharField(read_only=True)
    timestamp = serializers.DateTimeField(source="at", read_only=True)

    class Meta:
        model = DeviceEvent
        fields = (
            "id", "device_id", "device_name", "timestamp", "code", "severity", "message", "received_at",
            "acknowledged_at", "acknowledged_by", "note",
        )  # fmt: skip
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "An inverter's fault",
            {
                "device_id": "0b5e1f3a-3a7c-4f6e-9a53-0f8f4d0d2c11",
                "timestamp": "2026-03-10T18:10:00Z",
                "code": "F-023",
                "severity": "high",
                "message": "String 2: no current",
            },
            request_only=True,
        )
    ]
)
class EventWriteSerializer(serializers.Serializer[Any]):
    device_id = serializers.UUIDField()
    code = serializers.CharField(max_length=64, help_text="The maker's own, such as F-023.")
    severity = serializers.ChoiceField(Severity.choices, default=Severity.LOW)
    message = serializers.CharField(max_length=500, default="", allow_blank=True)
    timestamp = serializers.CharField(required=False, help_text="RFC 3339 with an offset; without it, now.")

    def validate_timestamp(self, value: str) -> datetime:
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            raise serializers.ValidationError(
                f'"{value[:40]}" is not RFC 3339, such as 2026-01-31T18:00:00Z.'
            ) from None
        if at.tzinfo is None:
            raise serializers.ValidationError(f'"{value[:40]}" has no offset: which instant is meant?')
        if not datetime(2000, 1, 1, tzinfo=UTC) <= at <= datetime.now(UTC) + AHEAD_AT_MOST:
            raise serializers.ValidationError(f'"{value[:40]}" is before 2000 or more than 24 h ahead.')
        return at


class AcknowledgeSerializer(serializers.Serializer[Any]):
    note = serializers.CharField(max_length=500, default="", allow_blank=True)
