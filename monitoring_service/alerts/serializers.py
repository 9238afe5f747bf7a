from typing import Any

from rest_framework import serializers

from monitoring_service.alerts.models import Alert, AlertRule
from service_kit.questions import Question


class AlertsQuestion(Question):
    device_id = serializers.UUIDField(required=False)
    type = serializers.ChoiceField(Alert.Type.choices, required=False)
    severity = serializers.ChoiceField(Alert.Severity.choices, required=False)
    state = serializers.ChoiceField(Alert.State.choices, required=False)
    read = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="By you.")
    acknowledged = serializers.BooleanField(required=False, allow_null=True, default=None)
    start = serializers.DateTimeField(required=False, help_text="Alerts that began at or after this instant.")
    end = serializers.DateTimeField(required=False, help_text="Alerts that began before this instant.")


class AlertSerializer(serializers.ModelSerializer[Alert]):
    device_name = serializers.CharField(read_only=True)
    read = serializers.BooleanField(read_only=True, help_text="Whether you have read it.")
    acknowledged = serializers.SerializerMethodField()
    expected_cost = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="At the mean price of its hours; null for what is not bought or has no price.",
    )
    actual_cost = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = Alert
        fields = (
            "id", "device_id", "device_name", "type", "code", "severity", "state", "start", "end", "expected_kwh",
            "actual_kwh", "expected_cost", "actual_cost", "currency", "confidence", "message", "recommendation", "created_at", "read", "acknowledged",
            "acknowledged_at", "acknowledged_by", "note",
        )  # fmt: skip
        read_only_fields = fields

    def get_acknowledged(self, alert: Alert) -> bool:
        return alert.acknowledged_at is not None


class AlertAnswerSerializer(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    read = serializers.BooleanField(required=False, help_text="Yours alone.")
    acknowledged = serializers.BooleanField(
        required=False, help_text="Somebody sees to it; the first who says so stays."
    )
    note = serializers.CharField(required=False, max_length=500, allow_blank=True)
    normal = serializers.BooleanField(
        required=False, help_text="It is no fault: the like of an anomaly is not told again."
    )


class AlertRuleSerializer(serializers.ModelSerializer[AlertRule]):
    device_id = serializers.UUIDField(
        allow_null=True, default=None, help_text="Null: for all devices that have no rule of their own."
    )
    enabled = serializers.BooleanField(help_text="Without a rule, alerts of every type are raised.")

    class Meta:
        model = AlertRule
        fields = ("type", "device_id", "enabled")
        validators: list[Any] = []  # saying it again is no error
