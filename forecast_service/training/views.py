from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import ListAPIView, RetrieveAPIView, RetrieveDestroyAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from forecast_service.forecasts.asking import population_asked
from forecast_service.forecasts.scopes import BadScope, parse_scope
from forecast_service.forecasts.serializers import ReasonSerializer
from forecast_service.training.jobs import TooManyJobs, ask_for_training
from forecast_service.training.models import Job, SavedModel
from forecast_service.training.queries import jobs_visible_to, models_visible_to
from forecast_service.training.serializers import (
    AskedSerializer,
    JobSerializer,
    ModelDetailSerializer,
    ModelSerializer,
    TrainSerializer,
)
from forecast_service.training.services import delete_model
from service_kit.errors import Conflict

TAGS = ["forecasts"]


class ModelList(ListAPIView[SavedModel]):
    serializer_class = ModelSerializer
    queryset = SavedModel.objects.none()

    def get_queryset(self) -> QuerySet[SavedModel]:
        caller: Any = self.request.user
        models, scope = models_visible_to(caller).defer("parameters"), self.request.query_params.get("scope")
        if not scope:
            return models
        try:
            return models.filter(scope=str(parse_scope(scope)))
        except BadScope as error:
            raise ValidationError({"scope": [str(error)]}) from None

    @extend_schema(
        operation_id="listForecastModels",
        summary="The models of the scopes that the caller may see, newest first",
        tags=TAGS,
        parameters=[OpenApiParameter("scope", str, description="Of this scope alone")],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="trainForecastModel",
        summary="Train a model: backtest, choose, fit, and forecast with it",
        description="The same question while its job is open is answered with the same job.",
        tags=TAGS,
        request=TrainSerializer,
        responses={202: AskedSerializer, 400: ReasonSerializer, 404: ReasonSerializer, 409: ReasonSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = TrainSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        caller: Any = request.user
        scope = parse_scope(asked.validated_data["scope"])
        population = population_asked(request, scope, asked.validated_data.get("kind"))
        try:
            job = ask_for_training(population=population, asked=asked.validated_data["model"], caller=caller)
        except TooManyJobs as reason:
            raise Conflict(str(reason)) from None
        return Response({"job": job.pk}, status=202)


@extend_schema_view(
    get=extend_schema(operation_id="getForecastModel", summary="One model with its parameters", tags=TAGS),
    delete=extend_schema(
        operation_id="deleteForecastModel",
        summary="Delete a model (who trained it, or an admin)",
        description=(
            "What it forecast goes with it. The newest model that is left speaks for the scope; without any, the workers "
            "choose one."
        ),
        tags=TAGS,
    ),
)
class ModelDetail(RetrieveDestroyAPIView[SavedModel]):
    serializer_class = ModelDetailSerializer
    queryset = SavedModel.objects.none()
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[SavedModel]:
        caller: Any = self.request.user
        return models_visible_to(caller)

    def perform_destroy(self, instance: SavedModel) -> None:
        caller: Any = self.request.user
        if not caller.is_admin and instance.created_by != caller.id:
            raise PermissionDenied("Only who trained a model, or an administrator, may delete it.")
        delete_model(model=instance)


@extend_schema_view(
    get=extend_schema(operation_id="listForecastJobs", summary="The caller's trainings, newest first", tags=TAGS)
)
class JobList(ListAPIView[Job]):
    serializer_class = JobSerializer
    queryset = Job.objects.none()

    def get_queryset(self) -> QuerySet[Job]:
        caller: Any = self.request.user
        return jobs_visible_to(caller)


@extend_schema_view(
    get=extend_schema(operation_id="getForecastJob", summary="How far a training is, and what came of it", tags=TAGS)
)
class JobDetail(RetrieveAPIView[Job]):
    serializer_class = JobSerializer
    queryset = Job.objects.none()
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Job]:
        caller: Any = self.request.user
        return jobs_visible_to(caller)
