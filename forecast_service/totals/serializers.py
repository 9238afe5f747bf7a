"""Request and answer of `GET /api/forecasts/totals`."""

from typing import Any

from rest_framework import serializers

from forecast_service.forecasts.scopes import KINDS
from forecast_service.forecasts.serializers import ScopeQuestion
from forecast_service.totals.queries import PAST

PERIODS = tuple(PAST)


class TotalsQuestion(ScopeQuestion):
    period = serializers.ChoiceField(
        PERIODS, default="day", required=False, help_text="By the local clock of the plant"
    )


class TotalSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    told_from = serializers.DateTimeField(help_text="End of the history that the prediction rests on")
    predicted_kwh = serializers.FloatField(help_text="What is known of the period and the median of what may come")
    lower_80 = serializers.FloatField()
    upper_80 = serializers.FloatField()
    actual_kwh = serializers.FloatField(allow_null=True, help_text="Of the hours that are known")
    completeness = serializers.FloatField(help_text="Share of the period's hours that are known")


class PastAccuracySerializer(serializers.Serializer[Any]):
    periods = serializers.IntegerField(help_text="Complete past periods compared")
    error = serializers.FloatField(allow_null=True, help_text="Mean absolute error as a share of the energy")
    coverage_80 = serializers.FloatField(allow_null=True, help_text="Share of the past totals inside their interval")


class TotalsSerializer(TotalSerializer):
    scope = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    period = serializers.ChoiceField(PERIODS)
    timezone = serializers.CharField()
    reason = serializers.CharField(
        help_text="Whether the plant's temperature was of use, and if not, why; empty where it has none"
    )
    accuracy = PastAccuracySerializer()
    past = TotalSerializer(many=True, help_text="Newest first, as they would have been told at their beginning")
