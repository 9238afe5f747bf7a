from typing import Any

from django.conf import settings
from rest_framework import serializers

from monitoring_service.hours.serializers import ZoneField
from monitoring_service.uploads.models import RejectedRow, Upload


class UploadQuestion(serializers.Serializer[Any]):
    """A file of readings and how it is to be read."""

    file = serializers.FileField(help_text="CSV or XLSX with the columns timestamp, device_id or device, and value.")
    timezone = ZoneField(required=False, help_text="IANA zone of timestamps without offset; without it the system's.")
    timestamps = serializers.ChoiceField(
        ["start", "end"], default="end", help_text="Which end of an interval the timestamp names."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Check everything, store nothing.")
    columns = serializers.JSONField(
        required=False,
        help_text='The file\'s own headings, such as {"timestamp": "Zeit", "device": "Zähler", "value": "kWh"}.',
    )
    device_id = serializers.UUIDField(required=False, help_text="The device of all rows that name none.")
    unit = serializers.ChoiceField(
        ["kWh", "Wh", "W", "kW"], required=False, help_text="Without it the device's own: kWh, or W for power_w."
    )
    decimal = serializers.ChoiceField([".", ","], default=".")
    encoding = serializers.ChoiceField(["utf-8", "windows-1252"], default="utf-8")
    timestamp_format = serializers.CharField(
        required=False, max_length=40, help_text="As Python's strptime has it, such as %m/%d/%Y %H:%M."
    )

    def validate_columns(self, value: Any) -> dict[str, str]:
        parts = ("timestamp", "device_id", "device", "value", "revision")
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value.values()):
            raise serializers.ValidationError('Send an object such as {"timestamp": "Zeit", "value": "kWh"}.')
        if unknown := set(value) - set(parts):
            raise serializers.ValidationError(f"{', '.join(sorted(unknown))} is none of {', '.join(parts)}.")
        return value

    def options(self) -> dict[str, Any]:
        """What `parsing.Options` is made of."""
        asked = self.validated_data
        zone = asked["timezone"].key if "timezone" in asked else settings.DEFAULT_TIMEZONE
        device = {"device_id": str(asked["device_id"])} if "device_id" in asked else {}
        names = ("timestamps", "columns", "unit", "decimal", "encoding", "timestamp_format")
        return {"timezone": zone, **device, **{name: asked[name] for name in names if name in asked}}


class RejectedRowSerializer(serializers.ModelSerializer[RejectedRow]):
    class Meta:
        model = RejectedRow
        fields = ("row", "error")
        read_only_fields = fields


class UploadSerializer(serializers.ModelSerializer[Upload]):
    class Meta:
        model = Upload
        fields = (
            "id", "file_name", "size", "dry_run", "state", "progress", "rows", "accepted", "duplicates",
            "rejected_count", "error", "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class UploadDetailSerializer(UploadSerializer):
    rejected = RejectedRowSerializer(
        many=True, read_only=True, help_text="The first 1,000; all of them are at rejected_url."
    )
    rejected_url = serializers.CharField(read_only=True, help_text="Every rejected row, as CSV.")

    class Meta:
        model = Upload
        fields = (*UploadSerializer.Meta.fields, "rejected", "rejected_url")
        read_only_fields = fields
