"""What is asked and what is answered; the answers' shapes serve the OpenAPI schema."""

import datetime as dt
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from monitoring_service.devices.selection import KINDS
from monitoring_service.hours.calendar import RESOLUTIONS, midnight, zone_of
from monitoring_service.hours.energy import SECOND, Quality
from service_kit.questions import Question

EARLIEST, LATEST = dt.date(1999, 12, 31), dt.date(2100, 1, 1)


class ZoneField(serializers.CharField):
    """An IANA time zone by name."""

    def to_internal_value(self, data: Any) -> ZoneInfo:  # type: ignore[override]
        try:
            return zone_of(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(f"{error}.") from None


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[Any, Any, Any, Any]):
    """An instant in RFC 3339 with an offset, or a date: that day's beginning in the answer's zone."""

    def to_internal_value(self, data: Any) -> datetime | dt.date:
        text = str(data).strip()
        try:
            if len(text) == 10 and (day := parse_date(text)) is not None:
                return self._within(day, text)
            # A plus that was not escaped in an address arrives as a blank.
            found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        except ValueError:
            found = None
        if found is None or found.tzinfo is None:
            raise serializers.ValidationError(
                f'"{text[:40]}" is not RFC 3339 with an offset (2026-01-31T18:00:00Z) and no date (2026-01-31).'
            )
        self._within(found.date(), text)
        return found

    def _within(self, day: dt.date, text: str) -> dt.date:
        if not EARLIEST <= day <= LATEST:
            raise serializers.ValidationError(f'"{text[:40]}" is outside 2000 to 2100.')
        return day

    def to_representation(self, value: Any) -> str:
        return str(value.isoformat())


def instant_us(value: datetime | dt.date, zone: ZoneInfo) -> int:
    """Microseconds since 1970 of what InstantField gave."""
    if isinstance(value, datetime):
        return round(value.timestamp()) * SECOND
    return midnight(value, zone)


class DayQuestion(Question):
    device_id = serializers.UUIDField()
    date = serializers.DateField(help_text="The local day, such as 2026-01-31.")
    timezone = ZoneField(required=False, help_text="IANA zone; without it the plant's, else the system's default.")

    def validate_date(self, value: dt.date) -> dt.date:
        if not EARLIEST <= value <= LATEST:
            raise serializers.ValidationError(f"{value} is outside 2000 to 2100.")
        return value


class SelectionQuestion(Question):
    """Which devices: exactly one of the three."""

    device_id = serializers.ListField(
        child=serializers.UUIDField(),
        min_length=1,
        max_length=500,
        required=False,
        help_text="A device; may be repeated. A sub-meter is not counted beside the meter above it.",
    )
    plant_id = serializers.UUIDField(required=False, help_text="All devices of this plant that you may see, by kind.")
    scope = serializers.ChoiceField(["all"], required=False, help_text="All devices that you may see, by kind.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in ("device_id", "plant_id", "scope") if name in attrs]
        if len(given) != 1:
            named = f"{' and '.join(given)} were given" if given else "none was given"
            raise serializers.ValidationError(f"Give one of device_id (repeated), plant_id and scope=all: {named}.")
        return attrs


class RangeQuestion(SelectionQuestion):
    start = InstantField(help_text="Beginning, included: RFC 3339 with an offset, or a date.")
    end = InstantField(help_text="End, not included.")
    resolution = serializers.ChoiceField(RESOLUTIONS, default="hour")
    timezone = ZoneField(required=False, help_text="IANA zone; without it the plant's, else the system's default.")
    max_points = serializers.IntegerField(
        min_value=1, required=False, help_text="Choose a coarser resolution when there would be more entries."
    )


class HourSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField(help_text="With the offset of the answer's zone.")
    kwh = serializers.FloatField(allow_null=True, help_text="Null where nothing is known, never 0 for that.")
    readings = serializers.IntegerField()
    expected = serializers.FloatField(allow_null=True, help_text="Null when the interval is longer than an hour.")
    quality = serializers.ChoiceField([quality.name.lower() for quality in Quality])


class DaySerializer(serializers.Serializer[Any]):
    device_id = serializers.UUIDField()
    date = serializers.DateField()
    timezone = serializers.CharField()
    total_kwh = serializers.FloatField(allow_null=True)
    hours = HourSerializer(many=True)


class KindSerializer(serializers.Serializer[Any]):
    total_kwh = serializers.FloatField(allow_null=True)
    completeness = serializers.FloatField(help_text="Share of the expected readings that came, 0 to 1.")
    device_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="The devices that are counted: no sub-meter beside the meter above it."
    )
    data = HourSerializer(many=True)  # type: ignore[assignment]


class ByKindSerializer(serializers.Serializer[Any]):
    consumption = KindSerializer(required=False)
    production = KindSerializer(required=False)
    grid_import = KindSerializer(required=False)
    grid_export = KindSerializer(required=False)


class RangeSerializer(serializers.Serializer[Any]):
    data = HourSerializer(many=True)  # type: ignore[assignment]
    kind = serializers.ChoiceField(KINDS, help_text="What `data` measures: the first of these that is there.")
    total_kwh = serializers.FloatField(allow_null=True)
    resolution = serializers.ChoiceField(RESOLUTIONS)
    timezone = serializers.CharField()
    completeness = serializers.FloatField(help_text="Share of the expected readings that came, 0 to 1.")
    by_kind = ByKindSerializer(
        required=False, help_text="With plant_id, scope=all or devices of several kinds: every kind on its own."
    )
