"""Request and answer of `/api/forecasts/anomalies`."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from forecast_service.anomalies.models import Anomaly
from forecast_service.forecasters.detection import ADVICE
from forecast_service.forecasts.scopes import BadScope, Scope, parse_scope
from service_kit.questions import Question


class AnomalyQuestion(Question):
    scope = serializers.CharField(
        required=False,
        help_text="`device_<uuid>`, several joined by commas, `plant_<uuid>`, `user_<uuid>_all`; else all",
    )
    start = serializers.DateTimeField(required=False, help_text="Those that end after this")
    end = serializers.DateTimeField(required=False, help_text="Those that begin before this")

    def validate_scope(self, text: str) -> Scope:
        try:
            return parse_scope(text)
        except BadScope as error:
            raise serializers.ValidationError(str(error)) from None


class AnomalySerializer(serializers.ModelSerializer[Anomaly]):
    fault = serializers.ChoiceField(tuple(ADVICE), read_only=True)
    kind = serializers.SerializerMethodField(
        help_text="`fault`: meter or plant may be broken; `anomaly`: another habit"
    )
    severity = serializers.SerializerMethodField()
    title = serializers.SerializerMethodField()
    state = serializers.ChoiceField(("open", "ended", "normal"), read_only=True)
    confidence = serializers.FloatField(read_only=True, help_text="0 to 1: how far beyond its limit")
    second_opinion = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Share of earlier days that an IsolationForest finds less odd; null with under three weeks of them",
    )
    with_temperature = serializers.BooleanField(
        read_only=True, help_text="Whether `expected_kwh` rests on the temperature that came at the device's plant"
    )
    recommendation = serializers.SerializerMethodField()
    normal = serializers.BooleanField(
        help_text="Whether somebody has said that this is nothing; the like is not told again"
    )

    class Meta:
        model = Anomaly
        fields = (
            *(
                "id",
                "device_id",
                "fault",
                "start",
                "end",
                "expected_kwh",
                "actual_kwh",
                "with_temperature",
                "confidence",
            ),
            *("second_opinion", "kind", "severity", "title", "recommendation", "state", "normal", "detected_at"),
        )
        read_only_fields = tuple(field for field in fields if field != "normal")

    @extend_schema_field(serializers.ChoiceField(("anomaly", "fault")))
    def get_kind(self, anomaly: Anomaly) -> str:
        return ADVICE[anomaly.fault].kind

    @extend_schema_field(serializers.ChoiceField(("low", "medium", "high")))
    def get_severity(self, anomaly: Anomaly) -> str:
        return ADVICE[anomaly.fault].severity

    def get_title(self, anomaly: Anomaly) -> str:
        return ADVICE[anomaly.fault].title

    def get_recommendation(self, anomaly: Anomaly) -> str:
        return ADVICE[anomaly.fault].recommendation
