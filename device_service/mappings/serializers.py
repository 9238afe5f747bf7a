"""Shapes of assignments."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from device_service.fields import Instant
from device_service.mappings.models import Mapping


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "For ever",
            value={
                "device_id": "7d4f3c2e-8f4b-4c57-9a55-0e2f5d1f6b10",
                "user_id": "2f0a8c1e-51f4-4a3a-8a5f-1f6a0f6f3f5d",
            },
        ),
        OpenApiExample(
            "A tenancy",
            value={
                "device_id": "7d4f3c2e-8f4b-4c57-9a55-0e2f5d1f6b10",
                "user_id": "2f0a8c1e-51f4-4a3a-8a5f-1f6a0f6f3f5d",
                "from": "2025-03-01T00:00:00+01:00",
                "to": "2026-03-01T00:00:00+01:00",
            },
        ),
    ]
)
class AssignmentSerializer(serializers.Serializer[dict[str, Any]]):
    """What `POST /api/mappings/assign` takes."""

    device_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    to = Instant(source="ends", default=None, allow_null=True, help_text="Null or absent: for ever.")

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python, so it cannot be an attribute above.
        fields = super().get_fields()
        until = fields.pop("to")
        since = Instant(source="starts", default=None, allow_null=True, help_text="Null or absent: since ever.")
        return {**fields, "from": since, "to": until}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        starts, ends = attrs["starts"], attrs["ends"]
        if starts is not None and ends is not None and starts >= ends:
            raise serializers.ValidationError({"to": f"{ends.isoformat()} is not after from {starts.isoformat()}."})
        return attrs


class MappingSerializer(serializers.ModelSerializer[Mapping]):
    """Who sees which device, from when to when (null: since ever, for ever)."""

    device_id = serializers.UUIDField(read_only=True)
    device_name = serializers.CharField(source="device.name", read_only=True)
    username = serializers.CharField(
        read_only=True, allow_null=True, help_text="Null until the account's event has arrived."
    )
    to = serializers.DateTimeField(source="ends", read_only=True, allow_null=True)

    class Meta:
        model = Mapping
        fields = ("id", "device_id", "device_name", "user_id", "username", "to", "created_at")
        read_only_fields = ("user_id", "created_at")

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        until, created = fields.pop("to"), fields.pop("created_at")
        since = serializers.DateTimeField(source="starts", read_only=True, allow_null=True)
        return {**fields, "from": since, "to": until, "created_at": created}
