"""Stored forecasts, as they are asked for."""

from datetime import timedelta

from django.db.models import Case, IntegerField, QuerySet, When

from forecast_service.forecasters.backtest import Accuracy
from forecast_service.forecasts.models import Forecast
from forecast_service.forecasts.scopes import KINDS, Population

# How good the forecasts of a series are changes slowly, and measuring costs ten times a forecast.
MEASURE_AGAIN_AFTER = timedelta(hours=24)


def current_forecast(population: Population) -> Forecast | None:
    """The stored forecast that says what a new one would say; None when something has changed since."""
    return Forecast.objects.filter(
        scope=population.scope,
        kind=population.kind,
        is_current=True,
        basis=population.basis,
    ).first()


def told_forecasts() -> QuerySet[Forecast]:
    """The current forecasts that others were told of: each scope's of the kind that speaks for it."""
    speaks = Case(*(When(kind=kind, then=rank) for rank, kind in enumerate(KINDS)), output_field=IntegerField())
    leading = Forecast.objects.filter(is_current=True).order_by("scope", speaks).distinct("scope")
    return Forecast.objects.filter(pk__in=leading.values("pk"))


def recent_accuracy(population: Population) -> tuple[Accuracy, str] | None:
    """The last measured accuracy with the end of the history it was measured on, unless a day has passed since."""
    last = Forecast.objects.filter(scope=population.scope, kind=population.kind, is_current=True).first()
    if last is None or "measured_until" not in last.accuracy:
        return None
    figures = dict(last.accuracy)
    measured_until = figures.pop("measured_until")
    if not figures["hours"] or measured_until <= (population.until - MEASURE_AGAIN_AFTER).isoformat():
        return None
    return Accuracy(**figures), measured_until
