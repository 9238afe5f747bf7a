"""Shapes of devices, categories and credentials."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from device_service.devices.models import Category, Device, MeterChange
from device_service.fields import LIMITS, Instant, Number, Ref
from device_service.plants.models import Plant

MONTH_SECONDS = 31 * 24 * 3600


class CategorySerializer(serializers.ModelSerializer[Category]):
    class Meta:
        model = Category
        fields = ("id", "name", "created_at")
        read_only_fields = ("created_at",)
        # The service's own answer to a name in use holds under two requests at once, too.
        validators = ()


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Ten-minute meter",
            value={
                "name": "Kitchen",
                "description": "Induction hob and oven",
                "kind": "consumption",
                "reading": "interval_kwh",
                "interval_seconds": 600,
                "max_consumption": 3.5,
            },
            request_only=True,
        ),
        OpenApiExample(
            "Counter of a heat pump",
            value={
                "name": "Heat pump",
                "kind": "consumption",
                "reading": "register_kwh",
                "interval_seconds": 900,
                "max_consumption": 4,
                "rated_power_w": 3000,
                "register_max": 999999.9,
            },
            request_only=True,
        ),
    ]
)
class DeviceSerializer(serializers.ModelSerializer[Device]):
    interval_seconds = serializers.IntegerField(
        min_value=1,
        max_value=MONTH_SECONDS,
        default=600,
        error_messages=LIMITS,
        help_text="How often a reading is due.",
    )
    max_consumption = Number(
        min_value=0, required=False, allow_null=True, help_text="kWh per hour above which an alert is raised."
    )
    rated_power_w = Number(
        min_value=0, required=False, allow_null=True, help_text="W; a reading far above it is held as implausible."
    )
    usage_hours = Number(min_value=0, max_value=24, required=False, allow_null=True, help_text="Hours of use a day.")
    register_max = Number(
        min_value=0, required=False, allow_null=True, help_text="kWh at which a register_kwh meter starts again at 0."
    )
    category = Ref(
        what="category", listed_at="/api/categories", queryset=Category.objects.all(), required=False, allow_null=True
    )
    plant = Ref(what="plant", listed_at="/api/plants", queryset=Plant.objects.all(), required=False, allow_null=True)
    parent = Ref(  # type: ignore[assignment]  # DRF has an attribute of this name, which a field takes out of the way
        what="device",
        listed_at="/api/devices",
        queryset=Device.objects.all(),
        required=False,
        allow_null=True,
        help_text="The meter that this one is a sub-meter of: totals count its energy once.",
    )

    class Meta:
        model = Device
        fields = (
            "id", "name", "description", "kind", "reading", "interval_seconds", "max_consumption", "rated_power_w",
            "usage_hours", "register_max", "category", "plant", "parent", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("created_at", "updated_at")


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Replaced at noon",
            value={
                "at": "2026-01-31T12:00:00+01:00",
                "final_register": 48211.7,
                "first_register": 0.2,
                "note": "Calibration expired",
            },
            request_only=True,
        )
    ]
)
class MeterChangeSerializer(serializers.ModelSerializer[MeterChange]):
    at = Instant()
    final_register = Number(min_value=0, help_text="kWh: the last value of the old meter.")
    first_register = Number(min_value=0, help_text="kWh: the first value of the new meter.")

    class Meta:
        model = MeterChange
        fields = ("id", "at", "final_register", "first_register", "note", "noted_by", "created_at")
        read_only_fields = ("noted_by", "created_at")
        # The service tells the same change again from another one at the same instant.
        validators = ()

    def validate_at(self, at: datetime) -> datetime:
        if at > timezone.now():
            raise serializers.ValidationError(f"{at.isoformat()} lies ahead. Note a change when it has been made.")
        return at


class CredentialSerializer(serializers.Serializer[dict[str, Any]]):
    """The meter's password (its user name is the device id); it cannot be shown again."""

    secret = serializers.CharField(read_only=True)
