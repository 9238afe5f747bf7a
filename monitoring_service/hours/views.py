from datetime import timedelta
from typing import Any, cast

from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.devices.selection import choose, common_zone
from monitoring_service.hours.asking import AskedRange, answer_unless_known, asked_range
from monitoring_service.hours.calendar import midnight
from monitoring_service.hours.queries import EnergyQuestion
from monitoring_service.hours.serializers import DayQuestion, DaySerializer, RangeQuestion, RangeSerializer
from service_kit.auth import Caller
from service_kit.renderers import LongListRenderer
from service_kit.schema import problems

UNCHANGED = OpenApiResponse(description="If-None-Match holds the ETag of this very answer.")
_HOUR = {"start": "2026-03-10T18:00:00+01:00", "kwh": 0.613, "readings": 6, "expected": 6, "quality": "measured"}
_GAP = {"start": "2026-03-10T19:00:00+01:00", "kwh": None, "readings": 0, "expected": 6, "quality": "missing"}
_DEVICE = "0b5e1f3a-3a7c-4f6e-9a53-0f8f4d0d2c11"


class HourlyDaily(APIView):
    renderer_classes = (LongListRenderer,)

    @extend_schema(
        operation_id="hourlyDaily",
        tags=["hours"],
        parameters=[DayQuestion],
        responses={200: DaySerializer, 304: UNCHANGED, **problems(400, 401, 404)},
        examples=[
            OpenApiExample(
                "Two hours of a day",
                {"device_id": _DEVICE, "date": "2026-03-10", "timezone": "Europe/Rome", "total_kwh": 0.613,
                 "hours": [_HOUR, _GAP]},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response | HttpResponseBase:
        """A device's local day, from midnight to midnight: 23, 24 or 25 hours."""
        caller = cast(Caller, request.user)
        asked = DayQuestion.asked(request)
        chosen = choose(caller, device_ids=[asked["device_id"]])
        zone = asked.get("timezone") or common_zone(chosen)
        begin, end = (midnight(asked["date"] + timedelta(days=n), zone) for n in (0, 1))

        def answer() -> dict[str, Any]:
            (day,) = EnergyQuestion([chosen], begin, end, zone, "hour").answer()
            return {
                "device_id": str(asked["device_id"]),
                "date": asked["date"].isoformat(),
                "timezone": zone.key,
                "total_kwh": day.total_kwh,
                "hours": day.entries(),
            }

        return answer_unless_known(request, chosen, answer)


class HourlyRange(APIView):
    renderer_classes = (LongListRenderer,)

    @extend_schema(
        operation_id="hourlyRange",
        tags=["hours"],
        parameters=[RangeQuestion],
        responses={200: RangeSerializer, 304: UNCHANGED, **problems(400, 401, 404)},
        examples=[
            OpenApiExample(
                "Two hours of a device",
                {"data": [_HOUR, _GAP], "kind": "consumption", "total_kwh": 0.613, "resolution": "hour",
                 "timezone": "Europe/Rome", "completeness": 0.5},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )  # fmt: skip
    def get(self, request: Request) -> Response | HttpResponseBase:
        """Every hour, day, month or year of [start, end), missing ones too: of one device, or of several together by kind.

        Up to 9,000 entries, in one answer. Nothing but what you may see is counted, and no sub-meter beside the meter above it.
        """
        asked = asked_range(request)
        counted = [[device.id for device in group] for group in asked.question.groups]
        return answer_unless_known(request, asked.chosen, lambda: _range(asked), also=counted)


def _range(asked: AskedRange) -> dict[str, Any]:
    series = asked.question.answer()
    entries = [part.entries() for part in series]
    body: dict[str, Any] = {
        "data": entries[0],
        "kind": asked.kinds[0],
        "total_kwh": series[0].total_kwh,
        "resolution": asked.question.resolution,
        "timezone": asked.question.zone.key,
        "completeness": series[0].completeness,
    }
    if asked.grouped:
        body["by_kind"] = {
            kind: {
                "total_kwh": part.total_kwh,
                "completeness": part.completeness,
                "device_ids": [str(device.id) for device in devices],
                "data": shown,
            }
            for kind, devices, part, shown in zip(asked.kinds, asked.question.groups, series, entries, strict=True)
            if devices
        }
    return body
