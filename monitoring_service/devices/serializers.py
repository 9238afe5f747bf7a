from rest_framework import serializers

from monitoring_service.devices.models import Device, DeviceStatus
from service_kit.questions import Question


class DevicesQuestion(Question):
    search = serializers.CharField(required=False, allow_blank=True, help_text="Part of a device's name.")


class MonitoredDeviceSerializer(serializers.ModelSerializer[Device]):
    last_seen = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="The instant of its newest reading; null when there is none."
    )
    status = serializers.ChoiceField(
        DeviceStatus.Status.choices,
        read_only=True,
        help_text="By its own interval: late after two without a reading, silent after three or once its connection is down.",
    )
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
