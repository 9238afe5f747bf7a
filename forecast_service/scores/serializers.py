"""Answer of `GET /api/forecasts/accuracy`."""

from typing import Any

from rest_framework import serializers

from forecast_service.forecasts.scopes import KINDS


class ScoreSerializer(serializers.Serializer[Any]):
    from_hour = serializers.IntegerField(help_text="Hours ahead, exclusive")
    to_hour = serializers.IntegerField(help_text="Hours ahead, inclusive")
    hours = serializers.IntegerField(help_text="Hours compared")
    mae_kwh = serializers.FloatField(allow_null=True, help_text="Mean absolute error of an hour")
    mase = serializers.FloatField(allow_null=True, help_text="The same in units of the same-hour-yesterday error")
    mase_yesterday = serializers.FloatField(
        allow_null=True, help_text="Of the same hour yesterday, from the same origins"
    )
    mase_last_week = serializers.FloatField(
        allow_null=True, help_text="Of the same hour last week, from the same origins"
    )
    bias = serializers.FloatField(allow_null=True, help_text="Share by which the forecasts were too high")
    coverage_80 = serializers.FloatField(allow_null=True)
    coverage_95 = serializers.FloatField(allow_null=True)


class ModelScoreSerializer(serializers.Serializer[Any]):
    model = serializers.CharField()
    forecasts = serializers.IntegerField()
    overall = ScoreSerializer()
    by_horizon = ScoreSerializer(many=True)


class ScorecardSerializer(serializers.Serializer[Any]):
    scope = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    days = serializers.IntegerField()
    forecasts = serializers.IntegerField(help_text="One a day")
    said = serializers.CharField(help_text="In a sentence")
    better_than_yesterday = serializers.FloatField(
        allow_null=True, help_text="Share by which the error of the next day is smaller; negative: larger"
    )
    better_than_last_week = serializers.FloatField(allow_null=True)
    next_day = ScoreSerializer(help_text="All models together, 1 to 24 hours ahead")
    models = ModelScoreSerializer(many=True)
