import math
import re
from datetime import UTC, datetime
from typing import Any

from rest_framework import serializers

from monitoring_service.hours.serializers import InstantField, ZoneField
from monitoring_service.series.models import Series
from service_kit.questions import Question

VALUES_AT_MOST = 9_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")


class NumberField(serializers.FloatField):
    """A finite number: JSON has no other, but Python's reader takes NaN and Infinity."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            raise serializers.ValidationError(f"{value} is not a finite number.")
        return value


class WholeHourField(InstantField):
    """The beginning of an hour of UTC."""

    def to_internal_value(self, data: Any) -> datetime:
        found = super().to_internal_value(data)
        if not isinstance(found, datetime) or found.astimezone(UTC).time().replace(hour=0) != datetime.min.time():
            raise serializers.ValidationError(f'"{str(data)[:40]}" is not the beginning of an hour of UTC.')
        return found.astimezone(UTC)


class HourValueSerializer(serializers.Serializer[Any]):
    start = WholeHourField(help_text="The hour's beginning, RFC 3339 with an offset.")
    value = NumberField()


class SeriesWriteSerializer(serializers.Serializer[Any]):
    unit = serializers.CharField(max_length=32, help_text="Such as °C, EUR/kWh or g/kWh; the same in every call.")
    issued_at = serializers.DateTimeField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of a forecast: when it was made. Null: measured values.",
    )
    values = serializers.ListField(child=HourValueSerializer(), min_length=1, max_length=VALUES_AT_MOST)


class SeriesReceiptSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="Values that were sent.")
    changed = serializers.IntegerField(help_text="Of these, new ones and ones that differ from before.")


class SeriesQuestion(Question):
    start = InstantField(help_text="Beginning, included: RFC 3339 with an offset, or a date.")
    end = InstantField(help_text="End, not included.")
    as_of = serializers.DateTimeField(
        required=False, help_text="As it was known then: for holding forecasts to account."
    )
    timezone = ZoneField(required=False, help_text="IANA zone; without it the plant's.")


class SeriesEntrySerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField(help_text="With the offset of the answer's zone.")
    value = serializers.FloatField(allow_null=True)
    issued_at = serializers.DateTimeField(allow_null=True, help_text="Of the forecast; null for a measured value.")
    basis = serializers.ChoiceField(["measured", "forecast", "missing"])


class PlantSeriesSerializer(serializers.Serializer[Any]):
    plant_id = serializers.UUIDField()
    name = serializers.CharField()
    unit = serializers.CharField()
    timezone = serializers.CharField()
    data = SeriesEntrySerializer(many=True)  # type: ignore[assignment]


class SeriesNameSerializer(serializers.ModelSerializer[Series]):
    class Meta:
        model = Series
        fields = ("name", "unit")
        read_only_fields = fields


def valid_name(name: str) -> str:
    """Raises ValidationError unless it is a name such as temperature or price_day_ahead."""
    if not _NAME.fullmatch(name):
        raise serializers.ValidationError(
            {"name": [f'"{name[:70]}" is not a name of lower-case letters, digits and _.']}
        )
    return name
