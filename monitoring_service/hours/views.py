from datetime import timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.devices.models import Device
from monitoring_service.devices.queries import seen_devices, zone_name_of
from monitoring_service.hours.calendar import RESOLUTIONS, Resolution, count_at_most, edges, midnight, zone_of
from monitoring_service.hours.queries import energy_of
from monitoring_service.hours.renderers import LongListRenderer
from monitoring_service.hours.serializers import (
    DayQuestion,
    DaySerializer,
    RangeQuestion,
    RangeSerializer,
    instant_us,
)
from service_kit.auth import Caller

MAX_ENTRIES = 9_000


def zone_for(asked: ZoneInfo | None, devices: list[Device]) -> ZoneInfo:
    """The zone asked for, else that of the first device's plant, else the system's."""
    return asked or zone_of(zone_name_of(devices[0]) or settings.DEFAULT_TIMEZONE)


class HourlyDaily(APIView):
    renderer_classes = (LongListRenderer,)

    @extend_schema(operation_id="hourlyDaily", tags=["hours"], parameters=[DayQuestion], responses=DaySerializer)
    def get(self, request: Request) -> Response:
        """A device's local day, from midnight to midnight: 23, 24 or 25 hours."""
        caller = cast(Caller, request.user)
        question = DayQuestion(data=request.query_params)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        devices = seen_devices(caller, [asked["device_id"]])
        zone = zone_for(asked.get("timezone"), devices)
        day = energy_of(
            caller=caller,
            devices=devices,
            start_us=midnight(asked["date"], zone),
            end_us=midnight(asked["date"] + timedelta(days=1), zone),
            zone=zone,
            resolution="hour",
        )
        return Response(
            {
                "device_id": str(asked["device_id"]),
                "date": asked["date"].isoformat(),
                "timezone": zone.key,
                "total_kwh": day.total_kwh,
                "hours": day.entries(),
            }
        )


class HourlyRange(APIView):
    renderer_classes = (LongListRenderer,)

    @extend_schema(operation_id="hourlyRange", tags=["hours"], parameters=[RangeQuestion], responses=RangeSerializer)
    def get(self, request: Request) -> Response:
        """Every hour, day or month of [start, end), missing ones too; of several devices their sum."""
        caller = cast(Caller, request.user)
        question = RangeQuestion(data=request.query_params)
        question.is_valid(raise_exception=True)
        asked = question.validated_data
        devices = seen_devices(caller, asked["device_id"])
        zone = zone_for(asked.get("timezone"), devices)
        start_us, end_us = instant_us(asked["start"], zone), instant_us(asked["end"], zone)
        if end_us <= start_us:
            raise ValidationError({"end": [f"{request.query_params['end']} is not after start."]})
        resolution = _resolution(asked, start_us, end_us, zone)
        energy = energy_of(
            caller=caller,
            devices=devices,
            start_us=start_us,
            end_us=end_us,
            zone=zone,
            resolution=resolution,
        )
        return Response(
            {
                "data": energy.entries(),
                "total_kwh": energy.total_kwh,
                "resolution": resolution,
                "timezone": zone.key,
                "completeness": energy.completeness,
            }
        )


def _resolution(asked: dict[str, Any], start_us: int, end_us: int, zone: ZoneInfo) -> Resolution:
    """The resolution asked for, or the next coarser one that keeps to max_points. Raises ParseError past MAX_ENTRIES."""
    finer_to_coarser = RESOLUTIONS[RESOLUTIONS.index(asked["resolution"]) :]
    wanted = min(asked.get("max_points", MAX_ENTRIES), MAX_ENTRIES)
    for resolution in finer_to_coarser:
        # The estimate is cheap and never far off; near the limit the entries are counted.
        estimate = count_at_most(start_us, end_us, resolution)
        if estimate <= 2 * MAX_ENTRIES and len(edges(start_us, end_us, zone, resolution)) - 1 <= wanted:
            return resolution
        if "max_points" not in asked:
            raise ParseError(
                f"{estimate:,.0f} entries by {resolution}, but at most {MAX_ENTRIES:,} are answered: "
                "ask for a shorter range, a coarser resolution, or give max_points."
            )
    raise ParseError(f"Even by month there are more than max_points={wanted} entries: ask for a shorter range.")
