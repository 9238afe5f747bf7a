from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

import numpy as np
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.hours.asking import asked_time
from monitoring_service.hours.calendar import local_texts, zone_of
from monitoring_service.hours.energy import HOUR, SECOND
from monitoring_service.series.models import Series
from monitoring_service.series.queries import values_between, zone_name_of_seen_plant
from monitoring_service.series.serializers import (
    PlantSeriesSerializer,
    SeriesNameSerializer,
    SeriesQuestion,
    SeriesReceiptSerializer,
    SeriesWriteSerializer,
    valid_name,
)
from monitoring_service.series.services import store_series
from service_kit.auth import Caller, IsAdminOrReadOnly
from service_kit.renderers import LongListRenderer
from service_kit.schema import problems

_PLANT = "5a1c2a0e-6c3d-4a57-8f5e-2d6a5d8d1b90"


class PlantSeries(APIView):
    permission_classes = (IsAdminOrReadOnly,)
    renderer_classes = (LongListRenderer,)

    @extend_schema(
        operation_id="plantSeries",
        tags=["series"],
        parameters=[SeriesQuestion],
        responses={200: PlantSeriesSerializer, **problems(400, 401, 404)},
        examples=[
            OpenApiExample(
                "A measured hour and one that is forecast",
                {"plant_id": _PLANT, "name": "temperature", "unit": "°C", "timezone": "Europe/Rome", "data": [
                    {"start": "2026-03-10T18:00:00+01:00", "value": 11.4, "issued_at": None, "basis": "measured"},
                    {"start": "2026-03-10T19:00:00+01:00", "value": 10.9, "issued_at": "2026-03-10T12:00:00Z",
                     "basis": "forecast"},
                ]},
                response_only=True,
                status_codes=["200"],
            )
        ],
    )  # fmt: skip
    def get(self, request: Request, plant_id: UUID, name: str) -> Response:
        """Every hour of [start, end), up to 9,000: what was measured, else the newest forecast, else null."""
        zone_name = zone_name_of_seen_plant(cast(Caller, request.user), plant_id)
        asked = SeriesQuestion.asked(request)
        series = Series.objects.filter(plant_id=plant_id, name=name).first()
        if series is None:
            raise NotFound(f"This plant has no series {name!r}.")
        zone = asked.get("timezone") or zone_of(zone_name)
        start_us, end_us, _ = asked_time({**asked, "resolution": "hour"}, zone)
        starts = np.arange(start_us // HOUR * HOUR, end_us, HOUR, dtype=np.int64)
        known = {
            round(value.start.timestamp()) * SECOND: value
            for value in values_between(
                plant_id=plant_id,
                name=name,
                start=datetime.fromtimestamp(int(starts[0]) // SECOND, UTC),
                end=datetime.fromtimestamp(end_us // SECOND, UTC),
                as_of=asked.get("as_of"),
            )
        }
        data = []
        for at, start in zip(starts.tolist(), local_texts(starts, zone), strict=True):
            found = known.get(at)
            issued_at = found.issued_at if found else None
            basis = "missing" if found is None else "forecast" if issued_at else "measured"
            data.append({"start": start, "value": found and found.value, "issued_at": issued_at, "basis": basis})
        return Response(
            {"plant_id": str(plant_id), "name": name, "unit": series.unit, "timezone": zone.key, "data": data}
        )

    @extend_schema(
        operation_id="storePlantSeries",
        tags=["series"],
        request=SeriesWriteSerializer,
        responses={200: SeriesReceiptSerializer, **problems(400, 401, 403, 404, 409)},
        examples=[
            OpenApiExample(
                "A forecast of the temperature",
                {"unit": "°C", "issued_at": "2026-03-10T12:00:00Z",
                 "values": [{"start": "2026-03-10T18:00:00Z", "value": 10.9}]},
                request_only=True,
            )
        ],
    )  # fmt: skip
    def post(self, request: Request, plant_id: UUID, name: str) -> Response:
        """Store up to 9,000 hours, measured or forecast (admin); an hour that is sent again is replaced."""
        zone_name_of_seen_plant(cast(Caller, request.user), plant_id)
        words = SeriesWriteSerializer(data=request.data)
        words.is_valid(raise_exception=True)
        sent = words.validated_data
        values = [(value["start"], value["value"]) for value in sent["values"]]
        changed = store_series(
            plant_id=plant_id, name=valid_name(name), unit=sent["unit"], issued_at=sent["issued_at"], values=values
        )
        return Response({"accepted": len(values), "changed": changed})


class PlantSeriesList(ListAPIView[Series]):
    serializer_class = SeriesNameSerializer

    @extend_schema(operation_id="listPlantSeries", tags=["series"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The names of a plant's series with their units."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Series]:
        if getattr(self, "swagger_fake_view", False):
            return Series.objects.none()
        plant_id: UUID = self.kwargs["plant_id"]
        zone_name_of_seen_plant(cast(Caller, self.request.user), plant_id)
        return Series.objects.filter(plant_id=plant_id).order_by("name")
