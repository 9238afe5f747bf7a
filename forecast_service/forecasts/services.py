"""Every write of forecasts and plans."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from forecast_service.anomalies.services import look_for_anomalies
from forecast_service.forecasters.base import LONGEST_HORIZON
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.pipeline import Issue, columns, make_forecasts
from forecast_service.forecasts.rows import insert_forecasts, note_done
from forecast_service.forecasts.scopes import Population, UnknownScope, parse_scope, populate_each
from forecast_service.forecasts.weather import in_their_weather
from forecast_service.training.queries import current_models
from forecast_service.training.services import keep_choices
from service_kit import outbox
from service_kit.events import ForecastIssued, ForecastPoint
from service_kit.faults import fault_point

log = structlog.get_logger(__name__)
# Their hours, matrices and forecasts stay below 200 MB.
SCOPES_AT_ONCE = 100
KEEP_EVERY_HOUR_FOR = timedelta(hours=48)
UNFORESEEN = (Error, ArithmeticError, ValueError, LookupError)
UNDONE = Q(done_until=None) | Q(done_until__lt=F("due_until"))

# Sorted, so that two planners lock the rows in the same order.
PLAN = """
INSERT INTO forecasts_plan (scope, kind, due_until, last_error)
SELECT scope, kind, until, '' FROM unnest(%s::text[], %s::text[], %s::timestamptz[]) AS due (scope, kind, until)
ON CONFLICT (scope, kind) DO UPDATE SET due_until = EXCLUDED.due_until, enqueued_at = NULL
WHERE forecasts_plan.due_until < EXCLUDED.due_until
"""


def issue_planned(*, plan_ids: Sequence[int]) -> int:
    """Make and store the forecasts of these plans; the number stored.

    What is done already is skipped, so a task may come twice. When one scope cannot be forecast, each of its neighbours is done
    alone; the one keeps its reason in its plan and is tried again later.
    """
    stored = 0
    for first in range(0, len(plan_ids), SCOPES_AT_ONCE):
        some = plan_ids[first : first + SCOPES_AT_ONCE]
        try:
            stored += issue_together(plan_ids=some)
        except UNFORESEEN:
            log.exception("forecasts failed together", plans=len(some))
            stored += sum(_issue_alone(plan_id) for plan_id in some)
        fault_point("forecasts_stored")
    return stored


def _issue_alone(plan_id: int) -> int:
    try:
        return issue_together(plan_ids=[plan_id])
    except UNFORESEEN as error:
        log.exception("forecast failed", plan=plan_id)
        Plan.objects.filter(pk=plan_id).update(last_error=f"{type(error).__name__}: {error}")
        return 0


@transaction.atomic
def issue_together(*, plan_ids: Sequence[int]) -> int:
    """The number of forecasts stored."""
    # Plans in another worker's hands are that worker's.
    plans = list(Plan.objects.select_for_update(skip_locked=True).filter(UNDONE, pk__in=plan_ids).order_by("pk"))
    wanted = {plan.pk: (parse_scope(plan.scope), plan.kind) for plan in plans}
    found = populate_each(set(wanted.values()))
    ready: list[tuple[Plan, Population]] = []
    gone: list[int] = []
    for plan in plans:
        population = found[wanted[plan.pk]]
        if isinstance(population, Population):
            plan.done_until, plan.last_error = max(plan.due_until, population.until), ""
            ready.append((plan, population))
        elif isinstance(population, UnknownScope):
            gone.append(plan.pk)  # its last device has gone
        else:
            plan.done_until, plan.last_error = plan.due_until, str(population)
    Plan.objects.filter(pk__in=gone).delete()
    populations = in_their_weather([population for _, population in ready])
    issues: list[Issue] = []
    if populations:
        made = make_forecasts(populations, current_models(populations), horizon=LONGEST_HORIZON)
        keep_choices(models=made.chosen)
        look_for_anomalies(populations=populations, histories=made.histories)
        for (plan, _), outcome in zip(ready, made.outcomes, strict=True):
            if isinstance(outcome, Issue):
                issues.append(outcome)
            else:
                plan.last_error = str(outcome)
    note_done([plan for plan in plans if plan.pk not in gone])
    stored = store_forecasts(issues=issues)
    fault_point("forecasts_computed")
    return stored


@transaction.atomic
def store_forecasts(*, issues: Sequence[Issue]) -> int:
    """Make each the current forecast of its scope and tell of it, unless there is one on the same basis already; their number.

    One that was made from the same hour in other weather is replaced.
    """
    populations = [issue.population for issue in issues]
    from_same_hour = Forecast.objects.filter(
        scope__in={one.scope for one in populations}, history_until__in={one.until for one in populations}
    )
    there = {
        (scope, kind, until): (pk, basis)
        for pk, scope, kind, until, basis in from_same_hour.values_list("pk", "scope", "kind", "history_until", "basis")
    }
    rows, replaced = [], []
    for row in map(_row, issues):
        pk, basis = there.get((row.scope, row.kind, row.history_until), (None, ""))
        if basis != row.basis:
            rows.append(row)
            replaced.append(pk)
    Forecast.objects.filter(pk__in=[pk for pk in replaced if pk]).delete()
    for kind in {row.kind for row in rows}:
        scopes = [row.scope for row in rows if row.kind == kind]
        Forecast.objects.filter(scope__in=scopes, kind=kind, is_current=True).update(is_current=False)
    insert_forecasts(rows)
    # The event names a scope and no kind; a list of devices is nobody's but the asker's.
    leading = {(one.scope, one.kind) for one in populations if one.leading and "," not in one.scope}
    outbox.publish_all((forecast_state(row), row.version) for row in rows if (row.scope, row.kind) in leading)
    return len(rows)


@transaction.atomic
def replace_forecast(*, issue: Issue) -> None:
    """Store it in the place of the one that another model made from the same hour."""
    of = issue.population
    Forecast.objects.filter(scope=of.scope, kind=of.kind, history_until=of.until).delete()
    store_forecasts(issues=[issue])


@transaction.atomic
def drop_forecast(*, scope: str, kind: str) -> None:
    """Forget the current forecast. The workers make another, but not of a list, which is forecast when it is asked for."""
    Forecast.objects.filter(scope=scope, kind=kind, is_current=True).delete()
    if "," not in scope:
        plan_again(scopes=[(scope, kind)])


def _row(issue: Issue) -> Forecast:
    population = issue.population
    return Forecast(
        scope=population.scope,
        kind=population.kind,
        model=issue.model,
        reason=issue.reason,
        fallback=issue.fallback,
        basis=population.basis,
        zone=population.place.zone,
        history_until=population.until,
        issued_at=issue.issued_at,
        accuracy=asdict(issue.accuracy),
        left_out=population.left_out,
        **columns(issue.forecast),
    )


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


# Of the forecasts older than two days the first of each day stays, which is what they are scored by.
THIN_OUT = """
DELETE FROM forecasts_forecast AS old WHERE NOT old.is_current AND old.issued_at < %s AND EXISTS (
    SELECT FROM forecasts_forecast AS first
    WHERE first.scope = old.scope AND first.kind = old.kind AND first.history_until < old.history_until
      AND first.history_until >= date_trunc('day', old.history_until, 'UTC')
)
"""


def purge_past_forecasts() -> int:
    """Drop what is not current and older than FORECAST_KEEP_DAYS, or older than two days and not its day's first; their number."""
    now = timezone.now()
    too_old = now - timedelta(days=settings.FORECAST_KEEP_DAYS)
    dropped = Forecast.objects.filter(is_current=False, issued_at__lt=too_old).delete()[0]
    with connection.cursor() as cursor:
        cursor.execute(THIN_OUT, [now - KEEP_EVERY_HOUR_FOR])
        return dropped + cursor.rowcount


# Locked in the order in which the workers lock them.
AGAIN = """
UPDATE forecasts_plan SET done_until = NULL, enqueued_at = NULL WHERE id IN (
    SELECT plan.id FROM forecasts_plan AS plan
    JOIN unnest(%s::text[], %s::text[]) AS again (scope, kind) USING (scope, kind) ORDER BY plan.id FOR UPDATE OF plan
)
"""


def plan_again(*, scopes: Collection[tuple[str, str]]) -> int:
    """Have these (scope, kind) forecast once more from where their histories end; the number of those that were planned at all."""
    with connection.cursor() as cursor:
        cursor.execute(AGAIN, [[scope for scope, _ in scopes], [kind for _, kind in scopes]])
        return cursor.rowcount


def plan_scopes(*, due: Iterable[Population]) -> int:
    """Note that these scopes are due from where their histories end; the number of those that were not due from there already."""
    ordered = sorted({(one.scope, one.kind): one.until for one in due}.items())
    with connection.cursor() as cursor:
        cursor.execute(
            PLAN,
            [[scope for (scope, _), _ in ordered], [kind for (_, kind), _ in ordered], [until for _, until in ordered]],
        )
        return cursor.rowcount
