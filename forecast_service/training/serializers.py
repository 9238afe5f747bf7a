"""Saved models and the jobs that make them."""

from typing import Any

from rest_framework import serializers

from forecast_service.forecasts.models import LONGEST_SCOPE
from forecast_service.forecasts.scopes import KINDS, BadScope, parse_scope
from forecast_service.forecasts.serializers import AccuracySerializer
from forecast_service.training.choosing import AUTO
from forecast_service.training.models import Job, SavedModel

ASKED = (AUTO, "sarimax", "sarimax_classic", "seasonal_naive", "linear_regression", "random_forest")


class TrainSerializer(serializers.Serializer[dict[str, Any]]):
    scope = serializers.CharField(
        max_length=LONGEST_SCOPE,
        help_text="`device_<uuid>` (some fifty joined by commas), `plant_<uuid>` or `user_<uuid>_all`",
    )
    model = serializers.ChoiceField(
        ASKED,
        default=AUTO,
        help_text="`auto` tries them all, but for the classic one, and takes the best",
        required=False,
    )
    kind = serializers.ChoiceField(KINDS, required=False, help_text="Without it consumption where there is any")

    def validate_scope(self, text: str) -> str:
        try:
            return str(parse_scope(text))
        except BadScope as error:
            raise serializers.ValidationError(str(error)) from None


class AskedSerializer(serializers.Serializer[dict[str, Any]]):
    job = serializers.UUIDField(help_text="Its progress: /api/forecasts/jobs/{id}")


class ModelSerializer(serializers.ModelSerializer[SavedModel]):
    errors = serializers.DictField(child=AccuracySerializer(), help_text="Backtest of each candidate")  # type: ignore[assignment]
    reason = serializers.CharField(help_text="Why this forecaster was taken")

    class Meta:
        model = SavedModel
        fields: tuple[str, ...] = (
            *("id", "scope", "kind", "version", "asked", "forecaster", "reason", "errors", "is_current"),
            *("history_until", "trained_at", "created_by"),
        )
        read_only_fields: tuple[str, ...] = fields


class ModelDetailSerializer(ModelSerializer):
    parameters = serializers.DictField(help_text="Of that day's fit, where the forecaster is the SARIMAX; else empty")

    class Meta(ModelSerializer.Meta):
        fields: tuple[str, ...] = (*ModelSerializer.Meta.fields, "parameters")
        read_only_fields: tuple[str, ...] = fields


class JobSerializer(serializers.ModelSerializer[Job]):
    model = serializers.CharField(source="asked", help_text="What was asked for")
    progress = serializers.FloatField(help_text="0 to 1")
    error = serializers.CharField(allow_null=True, help_text="Why it failed, and the way out")
    model_id = serializers.UUIDField(allow_null=True, help_text="The saved model, when it is done")

    class Meta:
        model = Job
        fields = (
            *("id", "scope", "kind", "model", "state", "progress", "step", "error", "model_id"),
            *("created_at", "finished_at"),
        )
        read_only_fields = fields
