from datetime import UTC, datetime
from typing import Any, cast

from django.http import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.dashboard.queries import dashboard, view_of
from monitoring_service.hours.asking import answer_unless_known
from monitoring_service.hours.serializers import ZoneField
from service_kit.auth import Caller
from service_kit.questions import Question


class DashboardQuestion(Question):
    timezone = ZoneField(
        required=False, help_text="IANA zone; without it the plants', where they have one in common, else the default."
    )


class BreakdownSerializer(serializers.Serializer[Any]):
    device_id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(["consumption", "production", "grid_import", "grid_export"])
    kwh = serializers.FloatField(allow_null=True, help_text="In the last 30 days.")


class DailySerializer(serializers.Serializer[Any]):
    date = serializers.DateField()
    consumption = serializers.FloatField(allow_null=True)
    production = serializers.FloatField(allow_null=True)


class WeeklySerializer(serializers.Serializer[Any]):
    week_start = serializers.DateField(help_text="A Monday.")
    consumption = serializers.FloatField(allow_null=True)
    production = serializers.FloatField(allow_null=True)


class DashboardSerializer(serializers.Serializer[Any]):
    """Energy in kWh; null where nothing is known. Sub-meters are not counted beside the meter above them."""

    timezone = serializers.CharField(help_text="The zone that the days are counted in.")
    total_consumption = serializers.FloatField(allow_null=True, help_text="Of all time.")
    total_production = serializers.FloatField(allow_null=True, help_text="Of all time.")
    avg_daily_consumption = serializers.FloatField(allow_null=True, help_text="Of the days before today, last 30 days.")
    peak_consumption = serializers.FloatField(allow_null=True, help_text="The highest hour of the last 30 days.")
    peak_consumption_start = serializers.DateTimeField(allow_null=True)
    today = serializers.FloatField(allow_null=True, help_text="Consumption since local midnight.")
    yesterday_same_time = serializers.FloatField(allow_null=True, help_text="Yesterday up to where today's data reach.")
    last_7_days = serializers.FloatField(allow_null=True, help_text="Consumption, today included.")
    last_30_days = serializers.FloatField(allow_null=True, help_text="Consumption, today included.")
    predicted_next_day = serializers.FloatField(allow_null=True, help_text="Consumption of the next 24 hours.")
    predicted_next_month = serializers.FloatField(allow_null=True, help_text="30 days at the pace of the next seven.")
    device_breakdown = BreakdownSerializer(many=True)
    daily_data = DailySerializer(many=True)
    weekly_data = WeeklySerializer(many=True)
    cost = serializers.FloatField(
        allow_null=True,
        help_text="Of the last 30 days, with the standing charges of the days on which the tariff is valid; null without a "
        "tariff for all of the energy.",
    )
    currency = serializers.CharField(allow_null=True)
    co2_kg = serializers.FloatField(
        allow_null=True,
        help_text="Of the last 30 days: by the plant's series `co2` (g/kWh) in the hours that it tells of, else by its factor; null "
        "without either.",
    )
    self_consumption = serializers.FloatField(
        allow_null=True,
        help_text="Share of the production of the last 30 days that was used on the spot, 0 to 1; of plants that meter "
        "production, grid import and grid export.",
    )
    autarky = serializers.FloatField(
        allow_null=True, help_text="Share of these plants' consumption of the last 30 days that was not bought, 0 to 1."
    )


class Dashboard(APIView):
    @extend_schema(
        operation_id="dashboard", tags=["dashboard"], parameters=[DashboardQuestion], responses=DashboardSerializer
    )
    def get(self, request: Request) -> Response | HttpResponseBase:
        """The totals of everything that the caller may see."""
        asked = DashboardQuestion.asked(request)
        caller = cast(Caller, request.user)
        view = view_of(caller, zone=asked.get("timezone"), now=datetime.now(UTC))
        return answer_unless_known(request, view.devices, lambda: dashboard(view), also=view.state(), keep=True)
