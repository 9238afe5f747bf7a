"""Trainings that people ask for: a row each, done by the workers, taken up again when a worker dies."""

import uuid
from datetime import timedelta

import structlog
from amqp.exceptions import AMQPError  # type: ignore[import-untyped]
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from forecast_service.forecasters.backtest import Accuracy, Choice, backtest, choose
from forecast_service.forecasters.base import LONGEST_HORIZON, Forecaster, History, NothingToForecastFrom
from forecast_service.forecasters.batch import answer_each
from forecast_service.forecasters.choose import FORECASTERS, SARIMAX, Answer
from forecast_service.forecasters.linear_regression import LinearRegression
from forecast_service.forecasters.random_forest import RandomForest
from forecast_service.forecasters.sarimax import parameters
from forecast_service.forecasters.seasonal_naive import LAST_WEEK, YESTERDAY
from forecast_service.forecasts.pipeline import as_issue, histories_of
from forecast_service.forecasts.scopes import Population, UnknownScope, parse_scope, populate
from forecast_service.forecasts.services import UNFORESEEN, replace_forecast
from forecast_service.forecasts.weather import in_their_weather
from forecast_service.training.choosing import AUTO, new_model, take
from forecast_service.training.models import Job, SavedModel
from forecast_service.training.services import save_model
from service_kit.auth import Caller
from service_kit.faults import fault_point

log = structlog.get_logger(__name__)
# What each question is decided among, the standard first. The classic SARIMAX, a thousand times as dear and worse on every
# panel, is there for who asks for it by name.
CANDIDATES: dict[str, tuple[Forecaster, ...]] = {
    AUTO: (SARIMAX, LinearRegression(), RandomForest(), YESTERDAY, LAST_WEEK),
    "seasonal_naive": (YESTERDAY, LAST_WEEK),
    **{name: (FORECASTERS[name],) for name in ("sarimax", "sarimax_classic", "linear_regression", "random_forest")},
}
LEASE, ASK_AGAIN_AFTER = timedelta(minutes=10), timedelta(minutes=10)
MOST_ATTEMPTS, MOST_OPEN = 3, 20
OPEN = Q(state__in=[Job.State.QUEUED, Job.State.RUNNING])


class TooManyJobs(Exception):
    """The caller has as many trainings waiting as one may have."""


class Overtaken(Exception):
    """Another worker has taken the job for abandoned, and does it."""


def ask_for_training(*, population: Population, asked: str, caller: Caller) -> Job:
    """A job that waits for a worker; the same question while it is open is the same job. Raises TooManyJobs."""
    question = {"scope": population.scope, "kind": population.kind, "asked": asked, "created_by": caller.id}
    mine = Job.objects.filter(OPEN, created_by=caller.id)
    already = mine.filter(**question).first()
    if already is not None:
        return already
    if mine.count() >= MOST_OPEN:
        raise TooManyJobs(f"{MOST_OPEN} of your trainings are waiting already. Ask again when one is done.")
    try:
        with transaction.atomic():
            return Job.objects.create(**question)
    except IntegrityError:  # the same question came at the same moment
        return mine.get(**question)


def hand_out_jobs() -> int:
    """Ask the workers for the jobs that nobody does; their number. Those that ended three workers are given up."""
    from forecast_service.training.tasks import run_training

    now = timezone.now()
    abandoned = Q(state=Job.State.QUEUED) | Q(lease_until__lt=now)
    gave_up = "It ended its worker three times; the logs say why. Ask again, or ask for another model."
    Job.objects.filter(OPEN, abandoned, attempts__gte=MOST_ATTEMPTS).update(
        state=Job.State.FAILED, error=gave_up, finished_at=now
    )
    unasked = Q(enqueued_at=None) | Q(enqueued_at__lt=now - ASK_AGAIN_AFTER)
    handed = 0
    for job_id in (
        Job.objects.filter(OPEN, abandoned, unasked).order_by("created_at").values_list("pk", flat=True)[:100]
    ):
        if not Job.objects.filter(OPEN, unasked, pk=job_id).update(enqueued_at=now):
            continue
        try:
            run_training.delay(str(job_id))
        except (BrokerAway, AMQPError, OSError) as error:
            Job.objects.filter(pk=job_id, enqueued_at=now).update(enqueued_at=None)
            raise ConnectionError(f"the task queue does not answer: {error}") from error
        handed += 1
    return handed


def run_job(*, job_id: uuid.UUID) -> bool:
    """Whether this call has finished the job; False when it is another worker's, or done."""
    now = timezone.now()
    free = Q(state=Job.State.QUEUED) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    claimed = Job.objects.filter(free, pk=job_id).update(
        state=Job.State.RUNNING, lease_until=now + LEASE, attempts=F("attempts") + 1
    )
    if not claimed:
        return False
    job = Job.objects.get(pk=job_id)
    error = None
    try:
        _train(job)
    except Overtaken:
        return False
    except UnknownScope:
        error = f"{job.scope} is not there any more."
    except NothingToForecastFrom as reason:
        error = str(reason)
    except UNFORESEEN as unforeseen:
        log.exception("training failed", job=str(job_id))
        error = f"{type(unforeseen).__name__}: {unforeseen}"
    if error is not None:
        _mine(job).update(state=Job.State.FAILED, error=error, finished_at=timezone.now())
    return True


def _train(job: Job) -> None:
    (population,) = in_their_weather([populate(parse_scope(job.scope), caller=None, kind=job.kind)])
    (history,) = histories_of([population])
    candidates = CANDIDATES[job.asked]
    steps = len(candidates) + 1
    errors: dict[str, Accuracy] = {}
    for number, forecaster in enumerate(candidates):
        _tell(job, number / steps, f"backtest of {forecaster.name}")
        errors[forecaster.name] = backtest(history, population.place, forecaster=forecaster)
        fault_point("candidate_tried")
    choice = choose(errors) if len(candidates) > 1 else _by_name(job.asked, errors)
    _tell(job, len(candidates) / steps, f"fit of {choice.model}")
    (told,) = answer_each([history], LONGEST_HORIZON, population.place, forecaster=FORECASTERS[choice.model])
    if isinstance(told, NothingToForecastFrom):
        raise told
    model = take(new_model(population, asked=job.asked), choice, population)
    if told.model == SARIMAX.name:
        model.parameters = parameters(history, population.place)
    _finish(job, population, history, model, told)


@transaction.atomic
def _finish(job: Job, population: Population, history: History, model: SavedModel, told: Answer) -> None:
    """Model, forecast and the end of the job are one: a worker that dies here has done nothing."""
    save_model(model=model, by=job.created_by)
    accuracy = Accuracy(**model.errors[told.model]) if told.model in model.errors else Accuracy()
    replace_forecast(issue=as_issue(population, history, told, model.reason, accuracy))
    done = _mine(job).update(
        state=Job.State.DONE, progress=1, step="done", model_id=model.pk, finished_at=timezone.now(), error=None
    )
    if not done:
        raise Overtaken


def _by_name(asked: str, errors: dict[str, Accuracy]) -> Choice:
    own = errors[asked]
    measured = f"{own.mase:.3f}, against {own.mase_baseline:.3f}" if own.mase is not None else "not measured yet"
    return Choice(asked, f"{asked}: asked for by name; error {measured} of the same hour yesterday", errors)


def _tell(job: Job, progress: float, step: str) -> None:
    if not _mine(job).update(progress=progress, step=step, lease_until=timezone.now() + LEASE):
        raise Overtaken


def _mine(job: Job):  # type: ignore[no-untyped-def]
    return Job.objects.filter(pk=job.pk, state=Job.State.RUNNING, attempts=job.attempts)
