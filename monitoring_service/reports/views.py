from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.reports import schedules, services
from monitoring_service.reports.files import TYPES
from monitoring_service.reports.models import Format, Report, Schedule
from monitoring_service.reports.queries import visible_reports, visible_schedules
from monitoring_service.reports.serializers import (
    ReportQuestion,
    ReportSerializer,
    ScheduleQuestion,
    ScheduleSerializer,
)
from service_kit.auth import Caller
from service_kit.schema import problems

_SAID = {
    422: "Nothing is known of this energy in this time: no file would be better than an empty one.",
    429: "Too many of your reports are still to be made.",
    409: "It is not done yet, or it failed: `detail` says which and why.",
}


class Reports(ListAPIView[Report]):
    serializer_class = ReportSerializer

    @extend_schema(operation_id="listReports", tags=["reports"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your reports (an administrator: all), newest first."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Report]:
        return visible_reports(cast(Caller, self.request.user))

    @extend_schema(
        operation_id="askForReport",
        tags=["reports"],
        request=ReportQuestion,
        responses={202: ReportSerializer, **problems(400, 401, 404, 422, 429, said=_SAID)},
    )
    def post(self, request: Request) -> Response:
        """Have a report made; its address tells when it is done. It holds what you may see when it is made."""
        question = ReportQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        report = services.ask_for_report(
            caller=cast(Caller, request.user), scope=asked["scope"], period=asked["period"], format_=asked["format"]
        )
        return Response(ReportSerializer(report).data, status=202, headers={"Location": f"/api/reports/{report.pk}"})


def _mine(request: Request, report_id: UUID) -> Report:
    found: Report = get_object_or_404(visible_reports(cast(Caller, request.user)), pk=report_id)
    return found


class ReportDetail(APIView):
    @extend_schema(operation_id="getReport", tags=["reports"], responses={200: ReportSerializer, **problems(401, 404)})
    def get(self, request: Request, report_id: UUID) -> Response:
        """How far it is, and its figures."""
        return Response(ReportSerializer(_mine(request, report_id)).data)

    @extend_schema(operation_id="deleteReport", tags=["reports"], responses={204: None, **problems(401, 404)})
    def delete(self, request: Request, report_id: UUID) -> Response:
        _mine(request, report_id).delete()
        return Response(status=204)


class ReportDownload(APIView):
    @extend_schema(
        operation_id="downloadReport",
        tags=["reports"],
        responses={
            **{(200, type_.partition(";")[0]): OpenApiTypes.BINARY for type_ in TYPES.values()},
            **problems(401, 404, 409, said=_SAID),
        },
    )
    def get(self, request: Request, report_id: UUID) -> HttpResponse:
        """The file."""
        report = _mine(request, report_id)
        return HttpResponse(
            services.file_of_report(report),
            content_type=TYPES[Format(report.format)],
            headers={
                "Content-Disposition": f'attachment; filename="{report.file_name}"',
                "Cache-Control": "private, no-store",
            },
        )


class Schedules(ListAPIView[Schedule]):
    serializer_class = ScheduleSerializer

    @extend_schema(operation_id="listReportSchedules", tags=["reports"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Your schedules (an administrator: all), newest first, each with what became of its last report."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Schedule]:
        return visible_schedules(cast(Caller, self.request.user))

    @extend_schema(
        operation_id="addReportSchedule",
        tags=["reports"],
        request=ScheduleQuestion,
        responses={201: ScheduleSerializer, **problems(400, 401, 404, 409)},
    )
    def post(self, request: Request) -> Response:
        """Have a report of every day, week or month, once it is over and its hours are closed."""
        words = ScheduleQuestion(data=request.data)
        words.is_valid(raise_exception=True)
        schedule = schedules.add_schedule(caller=cast(Caller, request.user), **words.validated_data)
        return Response(ScheduleSerializer(schedule).data, status=201)


class ScheduleDetail(APIView):
    @extend_schema(
        operation_id="changeReportSchedule",
        tags=["reports"],
        request=ScheduleQuestion(partial=True),
        responses={200: ScheduleSerializer, **problems(400, 401, 404)},
    )
    def patch(self, request: Request, schedule_id: UUID) -> Response:
        """What is left out stays as it is."""
        words = ScheduleQuestion(data=request.data, partial=True)
        words.is_valid(raise_exception=True)
        caller = cast(Caller, request.user)
        schedule = schedules.change_schedule(caller=caller, schedule_id=schedule_id, **words.validated_data)
        return Response(ScheduleSerializer(schedule).data)

    @extend_schema(operation_id="deleteReportSchedule", tags=["reports"], responses={204: None, **problems(401, 404)})
    def delete(self, request: Request, schedule_id: UUID) -> Response:
        """Reports that it has made stay."""
        get_object_or_404(visible_schedules(cast(Caller, request.user)), pk=schedule_id).delete()
        return Response(status=204)
