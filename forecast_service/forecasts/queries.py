"""Stored forecasts, as they are asked for."""

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Case, F, IntegerField, QuerySet, When

from forecast_service.forecasters import base
from forecast_service.forecasts.models import Forecast
from forecast_service.forecasts.rows import ENERGIES
from forecast_service.forecasts.scopes import KINDS, Population

# Of a forecast a day or a week long its first hours; a queryset would take as long to put together as all the rest.
CURRENT = f"""
SELECT id, scope, kind, model, issued_at, history_until, zone, accuracy, reason, fallback, left_out,
       {", ".join(f"{name}[1:%(horizon)s] AS {name}" for name in ENERGIES)}
FROM forecasts_forecast WHERE scope = %(scope)s AND kind = %(kind)s AND is_current AND basis = %(basis)s
"""


def current_forecast(population: Population, *, horizon: int) -> Forecast | None:
    """The stored forecast that says what a new one would say, its first hours; None when something has changed since."""
    named = {"scope": population.scope, "kind": population.kind, "basis": population.basis, "horizon": horizon}
    found = Forecast.objects.raw(CURRENT, named)
    return next(iter(found), None)


def forecasts_issued(
    populations: Sequence[Population], *, model: str, before: timedelta, hours: int
) -> dict[str, base.Forecast]:
    """By scope the first `hours` of what this model forecast `before` the end of each population's history, where it did."""
    wanted = {(one.scope, one.kind, one.until - before) for one in populations}
    first = {f"_{name}": F(name)[:hours] for name in ENERGIES}
    rows = Forecast.objects.filter(
        scope__in={scope for scope, _, _ in wanted}, history_until__in={until for _, _, until in wanted}, model=model
    ).annotate(**first)
    return {
        scope: base.Forecast(*map(base.floats, arrays))
        for scope, kind, until, *arrays in rows.values_list("scope", "kind", "history_until", *first)
        if (scope, kind, until) in wanted
    }


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
