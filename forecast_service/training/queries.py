"""Saved models, as they are asked for."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Count, Q, QuerySet

from forecast_service.devices.models import Device
from forecast_service.devices.queries import devices_visible_to
from forecast_service.forecasts.scopes import Population
from forecast_service.training.models import Job, SavedModel
from service_kit.auth import Caller

Key = tuple[str, str]
# How good the forecasts of a series are changes slowly, and measuring costs ten times a forecast.
CHOOSE_AGAIN_AFTER = timedelta(hours=24)


def key(population: Population) -> Key:
    return population.scope, population.kind


def current_models(populations: Collection[Population]) -> dict[Key, SavedModel]:
    """By scope and kind; without the parameters, which no forecast reads."""
    scopes = {one.scope for one in populations}
    found = SavedModel.objects.defer("parameters").filter(is_current=True, scope__in=scopes)
    return {(row.scope, row.kind): row for row in found}


def models_visible_to(caller: Caller) -> QuerySet[SavedModel]:
    """Newest first. A scope's models are seen by who may see its forecast."""
    models = SavedModel.objects.order_by("-trained_at", "-version")
    if caller.is_admin:
        return models
    seen = devices_visible_to(caller)
    ids = list(seen.values_list("pk", flat=True))
    mine = dict(seen.exclude(plant_id=None).values_list("plant_id").annotate(Count("pk")))
    whole = Device.live.filter(plant_id__in=mine).values_list("plant_id").annotate(Count("pk"))
    scopes = [f"user_{caller.id}_all", *(f"plant_{plant}" for plant, count in whole if mine[plant] == count)]
    return models.filter(Q(scope__in=scopes) | Q(devices__contained_by=ids, devices__len__gt=0))


def jobs_visible_to(caller: Caller) -> QuerySet[Job]:
    jobs = Job.objects.order_by("-created_at")
    return jobs if caller.is_admin else jobs.filter(created_by=caller.id)
