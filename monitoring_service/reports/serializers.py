"""What is asked for and what is answered."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from monitoring_service.hours.calendar import RESOLUTIONS
from monitoring_service.reports.models import Format, Report, Schedule
from monitoring_service.reports.periods import UNITS, Asked, BadPeriod, Between, parse_period
from monitoring_service.reports.scopes import BadScope, Scope, parse_scope

_SCOPE: Any = {
    "oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
    "description": "`device_<uuid>`, `plant_<uuid>`, `user_<uuid>_all`, `all` (that you may see), or a list of devices.",
    "example": "plant_0b5e1f3a-3a7c-4f6e-9a53-0f8f4d0d2c11",
}
_BETWEEN = {
    "type": "object",
    "properties": {
        "start": {"type": "string", "example": "2026-10-01"},
        "end": {"type": "string", "example": "2026-10-15T00:00:00Z"},
    },
    "required": ["start", "end"],
}
_PERIOD: Any = {
    "oneOf": [{"type": "string"}, _BETWEEN],
    "description": "The running `day`, `week`, `month` or `year`; a day `2026-10-17`, week `2026-W42`, month `2026-10` or year `2026`; "
    "or dates or instants from `start` to `end`, which is not included: the whole days that they lie in. Days are those of the scope's zone.",
    "example": "2026-10",
}


@extend_schema_field(_SCOPE)
class ScopeField(serializers.Field[Scope, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> Scope:
        try:
            return parse_scope(data)
        except BadScope as error:
            raise serializers.ValidationError(str(error)) from None

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(_PERIOD)
class PeriodField(serializers.Field[Asked | Between, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> Asked | Between:
        try:
            return parse_period(data)
        except BadPeriod as error:
            raise serializers.ValidationError(str(error)) from None


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "October of a plant",
            {"scope": "plant_0b5e1f3a-3a7c-4f6e-9a53-0f8f4d0d2c11", "period": "2026-10", "format": "pdf"},
            request_only=True,
        )
    ]
)
class ReportQuestion(serializers.Serializer[Any]):
    scope = ScopeField()
    period = PeriodField()
    format = serializers.ChoiceField(Format.choices, default=Format.PDF)


class ReportPeriodSerializer(serializers.Serializer[Any]):
    unit = serializers.ChoiceField(UNITS, allow_null=True, help_text="Null: any other time than one of these.")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField(help_text="Not included.")
    timezone = serializers.CharField()


class ReportTotalSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(["consumption", "production", "grid_import", "grid_export"])
    kwh = serializers.FloatField(allow_null=True)
    before_kwh = serializers.FloatField(
        allow_null=True, help_text="In the period before; of a running period up to where this one has come to."
    )
    before_known = serializers.FloatField(help_text="Share of the hours of the period before that are known, 0 to 1.")
    hours_known = serializers.IntegerField()
    hours = serializers.IntegerField()
    readings = serializers.IntegerField()
    expected = serializers.FloatField(allow_null=True, help_text="Null where an interval is longer than an hour.")


class ReportSummarySerializer(serializers.Serializer[Any]):
    """The figures of the file."""

    resolution = serializers.ChoiceField(RESOLUTIONS, help_text="Of the file's table.")
    until = serializers.DateTimeField(help_text="Where the data are counted to.")
    completeness = serializers.FloatField(help_text="Share of the hours that are known, 0 to 1.")
    totals = ReportTotalSerializer(many=True)
    cost = serializers.FloatField(allow_null=True)
    currency = serializers.CharField(allow_null=True)
    co2_kg = serializers.FloatField(allow_null=True)
    self_consumption = serializers.FloatField(allow_null=True)
    autarky = serializers.FloatField(allow_null=True)
    revised_hours = serializers.IntegerField(help_text="Corrected after they were closed, before the report was made.")


class ReportSerializer(serializers.ModelSerializer[Report]):
    scope = ScopeField(read_only=True)
    period = ReportPeriodSerializer(source="*", read_only=True)
    state = serializers.ChoiceField(Report.State.choices, read_only=True)
    format = serializers.ChoiceField(Format.choices, read_only=True)
    revised = serializers.SerializerMethodField(
        help_text="Hours of it were corrected since it was made: make it anew for the present figures."
    )
    summary = ReportSummarySerializer(read_only=True, allow_null=True)
    file_url = serializers.SerializerMethodField(help_text="Null until it is done.")

    class Meta:
        model = Report
        fields = (
            "id", "owner_id", "schedule_id", "scope", "scope_name", "period", "format", "state", "error", "revised",
            "summary", "size", "file_name", "file_url", "created_at", "finished_at", "mailed_at", "mail_error",
        )  # fmt: skip
        read_only_fields = fields

    def get_revised(self, report: Any) -> bool:
        return bool(getattr(report, "revised", False))  # one that was just asked for has no hours yet

    def get_file_url(self, report: Report) -> str | None:
        return f"/api/reports/{report.pk}/file" if report.state == Report.State.DONE else None


class ScheduledReportSerializer(serializers.ModelSerializer[Report]):
    """What became of the last one."""

    state = serializers.ChoiceField(Report.State.choices, read_only=True)

    class Meta:
        model = Report
        fields = ("id", "start", "end", "state", "error", "mailed_at", "mail_error")
        read_only_fields = fields


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "Every month of a plant, by mail",
            {"scope": "plant_0b5e1f3a-3a7c-4f6e-9a53-0f8f4d0d2c11", "every": "month", "format": "pdf"},
            request_only=True,
        )
    ]
)
class ScheduleQuestion(serializers.Serializer[Any]):
    scope = ScopeField()
    every = serializers.ChoiceField(Schedule.Every.choices, help_text="Each is made when it is over.")
    format = serializers.ChoiceField(Format.choices, default=Format.PDF)
    by_mail = serializers.BooleanField(
        default=True, help_text="To your address, where a mail server is set up; it can be downloaded in any case."
    )
    enabled = serializers.BooleanField(default=True, help_text="Enabled again, it begins with the running period.")


class ScheduleSerializer(serializers.ModelSerializer[Schedule]):
    scope = ScopeField(read_only=True)
    every = serializers.ChoiceField(Schedule.Every.choices, read_only=True)
    format = serializers.ChoiceField(Format.choices, read_only=True)
    next_at = serializers.SerializerMethodField(help_text="When the next one is made; null while it is not enabled.")
    last_report = ScheduledReportSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Schedule
        fields = (
            "id", "owner_id", "scope", "scope_name", "every", "format", "by_mail", "enabled", "next_at", "last_report",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_next_at(self, schedule: Schedule) -> datetime | None:
        return schedule.due_at if schedule.enabled else None
