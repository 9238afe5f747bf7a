from datetime import UTC, datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from monitoring_service.devices.models import Device
from monitoring_service.devices.queries import status_of


class DevicesQuestion(serializers.Serializer[Any]):
    search = serializers.CharField(required=False, allow_blank=True, help_text="Part of a device's name.")


class MonitoredDeviceSerializer(serializers.ModelSerializer[Device]):
    last_seen = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="The instant of its newest reading; null when there is none."
    )
    status = serializers.SerializerMethodField()
    connected = serializers.BooleanField(
        read_only=True, allow_null=True, help_text="Whether its MQTT connection is up; null when it never said so."
    )
    timezone = serializers.CharField(source="zone", read_only=True, allow_null=True, help_text="Its plant's zone.")

    class Meta:
        model = Device
        fields = (
            "id", "name", "kind", "reading", "interval_seconds", "max_consumption", "category", "plant_id",
            "parent_id", "timezone", "last_seen", "status", "connected",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(["online", "late", "silent", "never"]))
    def get_status(self, device: Any) -> str:
        """By its own interval: late after two without a reading, silent after three."""
        return status_of(device.last_seen, device.interval_seconds, datetime.now(UTC))
