from typing import Any, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.devices.selection import Chosen, choose, common_zone
from monitoring_service.hours.asking import asked_time
from monitoring_service.metrics.queries import (
    ENERGY,
    POWER,
    MetricSeries,
    energy_series,
    metric_series,
    sent_metrics,
)
from monitoring_service.metrics.serializers import (
    BatchQuestion,
    BatchSerializer,
    SentMetricSerializer,
    TimeseriesQuestion,
    TimeseriesSerializer,
)
from service_kit.auth import Caller
from service_kit.pagination import Pages
from service_kit.renderers import LongListRenderer
from service_kit.schema import problems

_ENTRY = {"start": "2026-03-10T18:00:00+01:00", "value": 231.4, "min": 229.8, "max": 233.1, "readings": 6,
          "expected": 6.0, "quality": "measured"}  # fmt: skip
_DEVICE = "0b5e1f3a-3a7c-4f6e-9a53-0f8f4d0d2c11"


class _Timeseries(APIView):
    renderer_classes = (LongListRenderer,)

    def answered(self, device_id: UUID, asked: dict[str, Any], metrics: list[str]) -> tuple[dict[str, Any], list[Any]]:
        """What all series have in common, and the series in the order asked for. Raises NotFound naming an unknown metric."""
        caller = cast(Caller, self.request.user)
        (device,) = choose(caller, device_ids=[device_id])
        zone = asked.get("timezone") or common_zone([device])
        start_us, end_us, resolution = asked_time(asked, zone)
        common: dict[str, Any] = {"start_us": start_us, "end_us": end_us, "zone": zone, "resolution": resolution}
        head = {"device_id": str(device.id), "resolution": resolution, "timezone": zone.key}
        found = _series(caller, device, metrics, common)
        return head, [found[metric].shown() for metric in metrics]


def _series(caller: Caller, device: Chosen, metrics: list[str], common: dict[str, Any]) -> dict[str, MetricSeries]:
    # Energy alone needs no look at what else the device sends.
    sent = {} if metrics == [ENERGY] else {m.metric: m for m in sent_metrics(caller, device.id)}
    derived = [m for m in metrics if m == ENERGY or (m == POWER and m not in sent)]
    named = [m for m in metrics if m not in derived]
    for metric in named:
        if metric not in sent:
            there = ", ".join(dict.fromkeys([ENERGY, POWER, *sent]))
            raise NotFound(f"Device {device.id} has sent no {metric!r} that you may see. It has: {there}.")
    found = {m: energy_series(caller=caller, device=device, metric=m, **common) for m in derived}
    if named:
        series = metric_series(caller=caller, device=device, metrics=[sent[m] for m in named], **common)
        found |= {one.metric: one for one in series}
    return found


class Timeseries(_Timeseries):
    @extend_schema(
        operation_id="deviceTimeseries",
        tags=["metrics"],
        parameters=[TimeseriesQuestion],
        responses={200: TimeseriesSerializer, **problems(400, 401, 404)},
        examples=[
            OpenApiExample(
                "A voltage by the hour",
                {"device_id": _DEVICE, "resolution": "hour", "timezone": "Europe/Rome", "metric": "voltage",
                 "unit": "V", "data": [_ENTRY]},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )  # fmt: skip
    def get(self, request: Request, device_id: UUID) -> Response:
        """One metric of a device in every hour, day, month or year of [start, end), missing ones too; up to 9,000."""
        asked = TimeseriesQuestion.asked(request)
        head, (series,) = self.answered(device_id, asked, [asked["metric"]])
        return Response({**head, **series})


class TimeseriesBatch(_Timeseries):
    @extend_schema(
        operation_id="deviceTimeseriesBatch",
        tags=["metrics"],
        request=BatchQuestion,
        responses={200: BatchSerializer, **problems(400, 401, 404)},
        examples=[
            OpenApiExample(
                "Energy and voltage of a day",
                {"metrics": ["energy", "voltage"], "start": "2026-03-10", "end": "2026-03-11"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, device_id: UUID) -> Response:
        """Several metrics of a device at once, each with its unit and quality."""
        words = BatchQuestion(data=request.data)
        words.is_valid(raise_exception=True)
        head, series = self.answered(device_id, words.validated_data, words.validated_data["metrics"])
        return Response({**head, "series": series})


class DeviceMetrics(APIView):
    @extend_schema(
        operation_id="listDeviceMetrics",
        tags=["metrics"],
        responses={200: SentMetricSerializer(many=True), **problems(401, 404)},
    )
    def get(self, request: Request, device_id: UUID) -> Response:
        """The metrics that a device has: energy and power always, and what else it sends."""
        caller = cast(Caller, request.user)
        choose(caller, device_ids=[device_id])
        sent = {metric.metric: metric for metric in sent_metrics(caller, device_id)}
        always = [{"metric": m, "unit": unit, "last_at": None} for m, unit in ((ENERGY, "kWh"), (POWER, "W"))]
        rows = [row for row in always if row["metric"] not in sent] + list(sent.values())
        pages = Pages()
        page = pages.paginate_queryset(rows, request, view=self)
        return pages.get_paginated_response(SentMetricSerializer(page, many=True).data)
