"""Request and answer of `GET /api/forecasts`."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers
from rest_framework.fields import empty

from forecast_service.forecasters.base import LONGEST_HORIZON
from forecast_service.forecasts.scopes import (
    KINDS,
    BadScope,
    Scope,
    devices_scope,
    parse_scope,
)
from service_kit.questions import Question

ASK = "Give exactly one of scope, device_id and device_ids."


class RepeatedField(serializers.CharField):
    """All of a parameter, joined by commas: its last alone would answer another question than was asked."""

    def get_value(self, dictionary: Mapping[Any, Any]) -> Any:
        # The parameters of a request, which hold a list for each name.
        return ",".join(dictionary.getlist(self.field_name)) or empty  # type: ignore[attr-defined]


class ScopeQuestion(Question):
    scope = RepeatedField(
        required=False,
        help_text="`device_<uuid>` (several joined by commas), `plant_<uuid>` or `user_<uuid>_all`",
    )
    device_id = RepeatedField(required=False, help_text="One device")
    device_ids = RepeatedField(required=False, help_text="Devices whose sum is forecast, joined by commas")
    kind = serializers.ChoiceField(
        KINDS,
        required=False,
        help_text="Which energy of the scope; without it consumption where there is any",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [name for name in ("scope", "device_id", "device_ids") if attrs.get(name)]
        if len(given) != 1:
            raise serializers.ValidationError({"scope": [f"{ASK} Given: {', '.join(given) or 'none'}."]})
        name = given[0]
        try:
            attrs["parsed"] = self._parse(name, attrs[name])
        except BadScope as error:
            raise serializers.ValidationError({name: [str(error)]}) from None
        return attrs

    @staticmethod
    def _parse(name: str, text: str) -> Scope:
        if name == "scope":
            return parse_scope(text)
        return devices_scope(text.split(","))


class ForecastQuestion(ScopeQuestion):
    horizon = serializers.IntegerField(
        default=24,
        min_value=1,
        max_value=LONGEST_HORIZON,
        help_text="Hours ahead",
        required=False,
    )


class PointSerializer(serializers.Serializer[dict[str, Any]]):
    start = serializers.DateTimeField()
    kwh = serializers.FloatField(help_text="Median of what may come")
    lower_80 = serializers.FloatField()
    upper_80 = serializers.FloatField()
    lower_95 = serializers.FloatField()
    upper_95 = serializers.FloatField()


class AccuracySerializer(serializers.Serializer[dict[str, Any]]):
    mase = serializers.FloatField(
        allow_null=True,
        help_text="Error of the last days' forecasts in units of the same-hour-yesterday error",
    )
    mase_baseline = serializers.FloatField(allow_null=True, help_text="The same figure for the same hour yesterday")
    coverage_80 = serializers.FloatField(allow_null=True, help_text="Share of hours that fell inside the 80% interval")
    coverage_95 = serializers.FloatField(allow_null=True)
    hours = serializers.IntegerField(help_text="Hours compared")


class LeftOutSerializer(serializers.Serializer[dict[str, Any]]):
    device_id = serializers.UUIDField()
    reason = serializers.CharField()


class ForecastSerializer(serializers.Serializer[dict[str, Any]]):
    scope = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    model = serializers.CharField(help_text="Forecaster that answered")
    reason = serializers.CharField(
        help_text="Why this one: what the scope's backtest gave, empty before the first; and whether the plant's temperature was of use"
    )
    issued_at = serializers.DateTimeField()
    history_until = serializers.DateTimeField(help_text="End of the last complete hour, start of the first point")
    timezone = serializers.CharField(help_text="Clock that the daily habits were taken by")
    horizon = serializers.IntegerField()
    points = PointSerializer(many=True)
    accuracy = AccuracySerializer()
    fallback = serializers.CharField(allow_null=True, help_text="Why a simpler method answered")
    left_out = LeftOutSerializer(many=True, help_text="Devices of the scope that the sum does not hold")


class ReasonSerializer(serializers.Serializer[dict[str, Any]]):
    detail = serializers.CharField()
