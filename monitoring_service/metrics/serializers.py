from typing import Any

from rest_framework import serializers

from monitoring_service.hours.calendar import RESOLUTIONS
from monitoring_service.hours.energy import Quality
from monitoring_service.hours.serializers import InstantField, ZoneField
from service_kit.questions import Question

METRICS_AT_MOST = 20
_NAME = "`energy` (kWh), `power` (W), or a name that the device sends, such as `voltage`."


class TimeQuestion(Question):
    start = InstantField(help_text="Beginning, included: RFC 3339 with an offset, or a date.")
    end = InstantField(help_text="End, not included.")
    resolution = serializers.ChoiceField(RESOLUTIONS, default="hour")
    timezone = ZoneField(required=False, help_text="IANA zone; without it the plant's, else the system's default.")


class TimeseriesQuestion(TimeQuestion):
    metric = serializers.CharField(default="energy", max_length=64, help_text=_NAME)


class BatchQuestion(TimeQuestion):
    metrics = serializers.ListField(
        child=serializers.CharField(max_length=64), min_length=1, max_length=METRICS_AT_MOST, help_text=_NAME
    )

    def validate_metrics(self, value: list[str]) -> list[str]:
        return list(dict.fromkeys(value))


class MetricEntrySerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField(help_text="With the offset of the answer's zone.")
    value = serializers.FloatField(allow_null=True, help_text="The mean; of energy the sum. Null: nothing is known.")
    min = serializers.FloatField(allow_null=True, help_text="Of the single values; null for energy and its power.")
    max = serializers.FloatField(allow_null=True)
    readings = serializers.IntegerField()
    expected = serializers.FloatField(allow_null=True, help_text="By the device's interval; null above an hour.")
    quality = serializers.ChoiceField([quality.name.lower() for quality in Quality])


class MetricSeriesSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    unit = serializers.CharField()
    data = MetricEntrySerializer(many=True)  # type: ignore[assignment]


class TimeseriesSerializer(MetricSeriesSerializer):
    device_id = serializers.UUIDField()
    resolution = serializers.ChoiceField(RESOLUTIONS)
    timezone = serializers.CharField()


class BatchSerializer(serializers.Serializer[Any]):
    device_id = serializers.UUIDField()
    resolution = serializers.ChoiceField(RESOLUTIONS)
    timezone = serializers.CharField()
    series = MetricSeriesSerializer(many=True)


class SentMetricSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    unit = serializers.CharField(help_text="Of its newest value.")
    last_at = serializers.DateTimeField(allow_null=True, help_text="The newest value's instant.")
