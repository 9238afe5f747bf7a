"""Shapes of plants and tariffs."""

import re
from itertools import pairwise
from operator import itemgetter
from typing import Any

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from device_service.fields import Instant, Number, Ref
from device_service.plants.models import Plant, Tariff, TariffChange
from device_service.plants.rates import DAY_MINUTES, RatesDoNotFit, check_week, clock
from service_kit.fields import TimeZone

TWO_RATES = [
    {"price_per_kwh": 0.24, "weekdays": [1, 2, 3, 4, 5], "from": "00:00", "to": "07:00"},
    {"price_per_kwh": 0.36, "weekdays": [1, 2, 3, 4, 5], "from": "07:00", "to": "24:00"},
    {"price_per_kwh": 0.24, "weekdays": [6, 7], "from": "00:00", "to": "24:00"},
]


@extend_schema_field({"type": "string", "pattern": r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$", "example": "07:00"})
class ClockField(serializers.Field[int, Any, str, int]):
    """HH:MM of the plant's local day, 24:00 for its end; a minute of the day inside."""

    default_error_messages = {"clock": "{input!r} is not a time of day. Write HH:MM, from 00:00 to 24:00."}

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, str) or not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", data):
            self.fail("clock", input=data)
        return int(data[:2]) * 60 + int(data[3:])

    def to_representation(self, value: int) -> str:
        return clock(value)


class RateSerializer(serializers.Serializer[dict[str, Any]]):
    """A price that holds on `weekdays` (1 Monday to 7 Sunday) from one time of the local day to another."""

    price_per_kwh = Number(help_text="In the tariff's currency. May be negative, as market prices are at times.")
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=7),
        min_length=1,
        max_length=7,
        default=[1, 2, 3, 4, 5, 6, 7],
        help_text="1 Monday to 7 Sunday.",
    )
    to = ClockField(source="to_minute", default=DAY_MINUTES)

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python, so it cannot be an attribute above.
        fields = super().get_fields()
        until = fields.pop("to")
        return {**fields, "from": ClockField(source="from_minute", default=0), "to": until}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["from_minute"] >= attrs["to_minute"]:
            raise serializers.ValidationError(
                {
                    "to": f"{clock(attrs['to_minute'])} is not after {clock(attrs['from_minute'])}. "
                    "Split a rate that spans midnight into one until 24:00 and one from 00:00."
                }
            )
        attrs["weekdays"] = sorted(set(attrs["weekdays"]))
        return attrs


@extend_schema_field(RateSerializer(many=True))
class RatesField(serializers.Field[list[dict[str, Any]], Any, Any, list[dict[str, Any]]]):
    """The whole list at once: as a nested serializer a PATCH would let each rate leave parts of itself out."""

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        rates = RateSerializer(data=data, many=True, allow_empty=False, max_length=100)  # type: ignore[call-arg]
        rates.is_valid(raise_exception=True)
        plain = [dict(rate) for rate in rates.validated_data]
        try:
            check_week(plain)
        except RatesDoNotFit as error:
            raise serializers.ValidationError(str(error)) from None
        return plain

    def to_representation(self, value: list[dict[str, Any]]) -> Any:
        return [RateSerializer(rate).data for rate in value]


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Two rates",
            value={
                "name": "Day and night 2026",
                "currency": "EUR",
                "standing_charge_per_day": 0.35,
                "feed_in_per_kwh": 0.08,
                "rates": TWO_RATES,
            },
            request_only=True,
        )
    ]
)
class TariffSerializer(serializers.ModelSerializer[Tariff]):
    currency = serializers.RegexField(
        r"^[A-Z]{3}$",
        default="EUR",
        error_messages={"invalid": "A currency is three capital letters (ISO 4217), such as EUR."},
    )
    valid_from = Instant(required=False, allow_null=True, help_text="Null: since ever.")
    valid_to = Instant(required=False, allow_null=True, help_text="Null: until further notice.")
    standing_charge_per_day = Number(min_value=0, default=0)
    feed_in_per_kwh = Number(default=0, help_text="What an exported kWh earns.")
    rates = RatesField(help_text="Together they price every minute of the week once.")

    class Meta:
        model = Tariff
        fields = (
            "id", "name", "currency", "valid_from", "valid_to", "standing_charge_per_day", "feed_in_per_kwh", "rates",
            "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("created_at", "updated_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        starts = attrs.get("valid_from", getattr(self.instance, "valid_from", None))
        ends = attrs.get("valid_to", getattr(self.instance, "valid_to", None))
        if starts is not None and ends is not None and starts >= ends:
            raise serializers.ValidationError(
                {"valid_to": f"{ends.isoformat()} is not after valid_from {starts.isoformat()}."}
            )
        return attrs


class TariffChangeSerializer(serializers.Serializer[TariffChange]):
    """From `at` on the plant is on this tariff, until its next change."""

    at = Instant(help_text="The first instant that the tariff prices, such as a local midnight.")
    tariff = Ref(what="tariff", listed_at="/api/tariffs", queryset=Tariff.objects.all())


@extend_schema_field(TariffChangeSerializer(many=True))
class TariffChangesField(serializers.Field[list[dict[str, Any]], Any, Any, Any]):
    """The whole list at once, for the reason that RatesField has."""

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        changes = TariffChangeSerializer(data=data, many=True, max_length=100)  # type: ignore[call-arg]
        changes.is_valid(raise_exception=True)
        found = sorted((dict(change) for change in changes.validated_data), key=itemgetter("at"))
        for before, after in pairwise(found):
            if before["at"] == after["at"]:
                raise serializers.ValidationError(f"Two tariffs begin at {after['at'].isoformat()}. Leave one out.")
        return found

    def to_representation(self, value: Any) -> Any:
        return TariffChangeSerializer(value, many=True).data


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A home",
            value={"name": "Home", "timezone": "Europe/Rome", "country": "IT", "latitude": 45.07, "longitude": 7.69},
            request_only=True,
        ),
        OpenApiExample(
            "A home whose prices change on March 15",
            value={
                "name": "Home",
                "timezone": "Europe/Rome",
                "tariff": "6d3b6c2e-6a8f-4c5e-9f51-0c1f7d1f2a10",
                "tariff_changes": [
                    {"at": "2026-03-15T00:00:00+01:00", "tariff": "b0a4c5d6-1f2e-4d3c-8b7a-9a8b7c6d5e4f"}
                ],
            },
            request_only=True,
        ),
    ]
)
class PlantSerializer(serializers.ModelSerializer[Plant]):
    timezone = TimeZone(required=False, help_text="IANA name; days and prices follow it. Default: DEFAULT_TIMEZONE.")
    country = serializers.RegexField(
        r"^[A-Z]{2}$",
        required=False,
        allow_null=True,
        error_messages={"invalid": "A country is two capital letters (ISO 3166-1), such as IT."},
        help_text="ISO 3166-1, two letters: its holidays enter the forecast.",
    )
    latitude = Number(min_value=-90, max_value=90, required=False, allow_null=True)
    longitude = Number(min_value=-180, max_value=180, required=False, allow_null=True)
    tariff = Ref(
        what="tariff",
        listed_at="/api/tariffs",
        queryset=Tariff.objects.all(),
        required=False,
        allow_null=True,
        help_text="Until the first of tariff_changes; without any, for ever.",
    )
    tariff_changes = TariffChangesField(
        required=False, help_text="Tariffs that follow, in order of time: energy costs what was valid at its hour."
    )
    co2_g_per_kwh = Number(min_value=0, required=False, allow_null=True, help_text="Of the energy from the grid.")

    class Meta:
        model = Plant
        fields = (
            "id", "name", "timezone", "country", "latitude", "longitude", "tariff", "tariff_changes",
            "co2_g_per_kwh", "created_at", "updated_at",
        )  # fmt: skip
        read_only_fields = ("created_at", "updated_at")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            attrs.setdefault("timezone", settings.DEFAULT_TIMEZONE)
        return attrs
