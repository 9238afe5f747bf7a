from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import msgspec
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forecast_service.forecasts.asking import conflict_when_nothing, population_asked
from forecast_service.forecasts.models import Forecast
from forecast_service.forecasts.pipeline import Issue, columns, forecast_now
from forecast_service.forecasts.queries import current_forecast
from forecast_service.forecasts.rows import ENERGIES
from forecast_service.forecasts.serializers import (
    ForecastQuestion,
    ForecastSerializer,
    ReasonSerializer,
)
from forecast_service.training.queries import current_models
from service_kit.renderers import LongListRenderer


class Point(msgspec.Struct, gc=False):
    """An hour of a forecast as JSON has it, in kWh; after `start` in the order of ENERGIES."""

    start: datetime
    kwh: float
    lower_80: float
    upper_80: float
    lower_95: float
    upper_95: float


class ForecastView(APIView):
    renderer_classes = (LongListRenderer,)

    @extend_schema(
        operation_id="getForecast",
        tags=["forecasts"],
        parameters=[ForecastQuestion],
        responses={
            200: ForecastSerializer,
            400: ReasonSerializer,
            404: ReasonSerializer,
            409: ReasonSerializer,
        },
    )
    def get(self, request: Request) -> Response:
        """The coming hours of a device, a plant, all devices of a user or a list of devices, with prediction intervals.

        The first point is the hour after the last complete one. 409 says why there is nothing to forecast from.
        """
        asked = ForecastQuestion.asked(request)
        population = population_asked(request, asked["parsed"], asked.get("kind"))
        stored = current_forecast(population, horizon=asked["horizon"])
        if stored is not None:
            return Response(told_by_row(stored, asked["horizon"]))
        model = current_models([population]).get((population.scope, population.kind))
        with conflict_when_nothing():
            issue = forecast_now(population, model, horizon=asked["horizon"])
        return Response(told_by_issue(issue, asked["horizon"]))


def told_by_row(row: Forecast, horizon: int) -> dict[str, Any]:
    energies = {name: getattr(row, name) for name in ENERGIES}
    return _answer(
        scope=row.scope, kind=row.kind, model=row.model, issued_at=row.issued_at, until=row.history_until, zone=row.zone,
        horizon=horizon, energies=energies, accuracy=row.accuracy, reason=row.reason,
        fallback=row.fallback, left_out=row.left_out,
    )  # fmt: skip


def told_by_issue(issue: Issue, horizon: int) -> dict[str, Any]:
    of = issue.population
    return _answer(
        scope=of.scope, kind=of.kind, model=issue.model, issued_at=issue.issued_at, until=of.until, zone=of.place.zone,
        horizon=horizon, energies=columns(issue.forecast), accuracy=asdict(issue.accuracy), reason=issue.reason,
        fallback=issue.fallback, left_out=of.left_out,
    )  # fmt: skip


def _answer(
    *,
    until: datetime,
    zone: str,
    horizon: int,
    energies: dict[str, list[float]],
    **rest: Any,
) -> dict[str, Any]:
    rows = zip(*(energies[name][:horizon] for name in ENERGIES), strict=True)
    points = [Point(until + timedelta(hours=hour), *row) for hour, row in enumerate(rows)]
    return {
        **rest,
        "history_until": until,
        "timezone": zone,
        "horizon": horizon,
        "points": points,
    }
