"""Every write of forecasts and plans."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import Error, transaction
from django.db.models import F, Q
from django.utils import timezone

from forecast_service.forecasters.base import LONGEST_HORIZON, NothingToForecastFrom
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.pipeline import Issue, columns, make_forecast
from forecast_service.forecasts.queries import recent_accuracy
from forecast_service.forecasts.scopes import UnknownScope, parse_scope, populate
from service_kit import outbox
from service_kit.events import ForecastIssued, ForecastPoint
from service_kit.faults import fault_point

log = structlog.get_logger(__name__)
UNDONE = Q(done_until=None) | Q(done_until__lt=F("due_until"))


def issue_planned(*, plan_ids: Iterable[int]) -> int:
    """Make and store the forecasts of these plans, each in a transaction of its own; the number stored.

    What is done already is skipped, so a task may come twice. One scope that fails keeps its reason in its plan, is tried again
    later, and does not stop the others.
    """
    stored = 0
    for plan_id in plan_ids:
        try:
            stored += issue_one(plan_id=plan_id)
            fault_point("forecast_stored")
        except (Error, ArithmeticError, ValueError, LookupError) as error:
            log.exception("forecast failed", plan=plan_id)
            Plan.objects.filter(pk=plan_id).update(last_error=f"{type(error).__name__}: {error}")
    return stored


@transaction.atomic
def issue_one(*, plan_id: int) -> bool:
    """Whether a forecast was stored."""
    # A plan in another worker's hands is that worker's.
    plan = Plan.objects.select_for_update(skip_locked=True).filter(UNDONE, pk=plan_id).first()
    if plan is None:
        return False
    try:
        population = populate(parse_scope(plan.scope), caller=None, kind=plan.kind)
        known = recent_accuracy(population)
        accuracy, measured_until = known or (None, population.until.isoformat())
        issue = make_forecast(population, horizon=LONGEST_HORIZON, accuracy=accuracy)
    except UnknownScope:
        plan.delete()  # its last device has gone
        return False
    except NothingToForecastFrom as reason:
        plan.done_until, plan.last_error = plan.due_until, str(reason)
        plan.save(update_fields=["done_until", "last_error"])
        return False
    plan.done_until, plan.last_error = max(plan.due_until, population.until), ""
    plan.save(update_fields=["done_until", "last_error"])
    return store_forecast(issue=issue, measured_until=measured_until)


@transaction.atomic
def store_forecast(*, issue: Issue, measured_until: str) -> bool:
    """Make it the current forecast of its scope and tell of it; False when there is one from the same hour already."""
    population = issue.population
    same_scope = Forecast.objects.filter(scope=population.scope, kind=population.kind)
    if same_scope.filter(history_until=population.until).exists():
        return False
    same_scope.filter(is_current=True).update(is_current=False)
    row = Forecast.objects.create(
        scope=population.scope,
        kind=population.kind,
        model=issue.model,
        fallback=issue.fallback,
        basis=population.basis,
        zone=population.place.zone,
        history_until=population.until,
        issued_at=issue.issued_at,
        accuracy={**asdict(issue.accuracy), "measured_until": measured_until},
        left_out=population.left_out,
        **columns(issue.forecast),
    )
    if population.leading:  # the event names a scope and no kind
        outbox.publish(forecast_state(row), version=row.version)
    return True


def forecast_state(row: Forecast) -> ForecastIssued:
    points = [
        ForecastPoint(
            start=row.history_until + timedelta(hours=hour),
            kwh=kwh,
            lower_80=low,
            upper_80=high,
        )
        for hour, (kwh, low, high) in enumerate(zip(row.kwh, row.lower_80, row.upper_80, strict=True))
    ]
    return ForecastIssued(scope=row.scope, model=row.model, issued_at=row.issued_at, points=points)


def purge_past_forecasts() -> int:
    """Drop forecasts older than FORECAST_KEEP_DAYS that are not current; their number."""
    horizon = timezone.now() - timedelta(days=settings.FORECAST_KEEP_DAYS)
    return Forecast.objects.filter(is_current=False, issued_at__lt=horizon).delete()[0]


def plan_scope(*, scope: str, kind: str, until: datetime) -> bool:
    """Note that the scope is due from `until`; False when it was due from there already."""
    plan, created = Plan.objects.get_or_create(scope=scope, kind=kind, defaults={"due_until": until})
    if created:
        return True
    return bool(Plan.objects.filter(pk=plan.pk, due_until__lt=until).update(due_until=until, enqueued_at=None))
