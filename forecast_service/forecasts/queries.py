"""Stored forecasts, as they are asked for."""

from django.db.models import Case, IntegerField, QuerySet, When

from forecast_service.forecasts.models import Forecast
from forecast_service.forecasts.scopes import KINDS, Population


def current_forecast(population: Population) -> Forecast | None:
    """The stored forecast that says what a new one would say; None when something has changed since."""
    return Forecast.objects.filter(
        scope=population.scope,
        kind=population.kind,
        is_current=True,
        basis=population.basis,
    ).first()


def told_forecasts() -> QuerySet[Forecast]:
    """The current forecasts that others were told of: each scope's of the kind that speaks for it; a list's is the asker's own."""
    speaks = Case(*(When(kind=kind, then=rank) for rank, kind in enumerate(KINDS)), output_field=IntegerField())
    leading = (
        Forecast.objects.filter(is_current=True)
        .exclude(scope__contains=",")
        .order_by("scope", speaks)
        .distinct("scope")
    )
    return Forecast.objects.filter(pk__in=leading.values("pk"))
