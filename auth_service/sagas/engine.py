"""Sagas: a change that several services must make together, or not at all, with a crash possible between any two lines.

The rules (the participants' side is in service_kit/fences.py):
- which step may have begun is committed before its call, and no transaction is open while it runs;
- an unknown outcome is retried until the deadline, then undone together with the steps before it;
- an undo is retried for ever, loudly;
- every write is conditional on the lease, so a runner that was thought dead cannot overwrite its successor;
- what is due, and until when a lease holds, is decided by the database's clock alone.
A web request and the job `run_sagas` run the same code.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models import DurationField, ExpressionWrapper, F, Q, QuerySet
from django.db.models.functions import Now
from django.utils.module_loading import import_string

from auth_service.sagas import participants
from auth_service.sagas.models import Saga
from auth_service.sagas.participants import Refused
from service_kit.consumer import database_is_away
from service_kit.faults import fault_point

log = structlog.get_logger(__name__)
REGISTER, UPDATE, DELETE = "register", "update", "delete"
LONGEST_WAIT = 10.0
# Sagas that are driven at once by run_sagas: while a service does not answer, each try holds its runner for seconds.
RUNNERS = 4
# At most this many of a web process's threads wait for sagas; the others answer 202, so that people can still sign in.
_waiting = threading.BoundedSemaphore(4)


class LeaseLost(Exception):
    """Another runner has taken the saga over: this one must stop."""


def _nothing(saga: Saga) -> None:
    """The undo of a step that is only ever repeated."""


@dataclass(frozen=True)
class Step:
    """`do` may give what the participant told and a later step, or the end, needs: it is added to the payload."""

    name: str
    do: Callable[[Saga], dict[str, Any] | None]
    undo: Callable[[Saga], None] = _nothing


@dataclass(frozen=True)
class Plan:
    """`complete` and `compensated` name functions that run in the transaction that ends the saga.

    `may_be_refused`: a participant's no turns the saga back. `has_deadline`: so does silence until then.
    Without them the saga only goes forward, however often it has to ask.
    """

    steps: tuple[Step, ...]
    complete: str
    compensated: str | None = None
    may_be_refused: bool = True
    has_deadline: bool = True


def _of(saga: Saga, *fields: str) -> dict[str, Any]:
    return {"saga_id": saga.pk, "user_id": saga.subject, **{name: saga.payload[name] for name in fields}}


PLANS = {
    REGISTER: Plan(
        steps=(
            Step(
                "profile",
                do=lambda saga: participants.create_profile(**_of(saga, "first_name", "last_name", "phone")),
                undo=lambda saga: participants.undo_profile(**_of(saga)),
            ),
            Step(
                "devices",
                do=lambda saga: participants.admit_to_devices(**_of(saga, "username", "role")),
                undo=lambda saga: participants.undo_device_user(**_of(saga)),
            ),
        ),
        complete="auth_service.accounts.services.activate",
        compensated="auth_service.accounts.services.discard_pending",
    ),
    UPDATE: Plan(
        steps=(
            Step(
                "profile",
                do=lambda saga: participants.update_profile(**_of(saga, "first_name", "last_name", "phone")),
            ),
        ),
        complete="auth_service.accounts.services.take_names",
        has_deadline=False,
    ),
    DELETE: Plan(
        steps=(
            Step("profile", do=lambda saga: participants.remove_profile(**_of(saga))),
            Step("devices", do=lambda saga: participants.remove_device_user(**_of(saga))),
        ),
        complete="auth_service.accounts.services.purge",
        may_be_refused=False,
        has_deadline=False,
    ),
}


def start_saga(*, kind: str, subject: uuid.UUID, payload: dict[str, Any]) -> Saga:
    """The durable row, in the caller's transaction. Raises IntegrityError when the user has an active saga."""
    return Saga.objects.create(
        kind=kind,
        subject=subject,
        payload=payload,
        next_attempt_at=Now(),
        deadline=Now() + timedelta(seconds=settings.SAGA_DEADLINE_SECONDS),
        correlation_id=structlog.contextvars.get_contextvars().get("correlation_id") or uuid.uuid4().hex,
    )


def run_until(saga: Saga, *, seconds: float) -> Saga:
    """Drive the saga until it has ended or the time is over; what is left, `run_sagas` goes on with.

    A database that goes away meanwhile is no error here: the saga is on record, and its caller may ask for it later.
    """
    give_up = time.monotonic() + seconds
    queued = False
    try:
        while True:
            advance(saga.pk)
            saga = Saga.objects.annotate(due_in=_DUE_IN).get(pk=saga.pk)
            left = give_up - time.monotonic()
            if saga.state not in Saga.OPEN or left <= 0:
                return saga
            queued = queued or _waiting.acquire(blocking=False)
            if not queued:
                return saga
            time.sleep(min(max(0.05, saga.due_in.total_seconds()), left))
    except Error as error:
        if not database_is_away(error):
            raise
        connection.close()
        log.warning("database away, saga left to run_sagas", saga=str(saga.pk), error=str(error).strip())
        return saga
    finally:
        if queued:
            _waiting.release()


# Both instants are the database's: this machine's clock may be off.
_DUE_IN = ExpressionWrapper(F("next_attempt_at") - Now(), output_field=DurationField())
_FREE = Q(state__in=Saga.OPEN, next_attempt_at__lte=Now()) & (Q(lease_until=None) | Q(lease_until__lt=Now()))


def run_due() -> bool:
    """One unit of `run_sagas`: drive the longest due saga that nobody holds; whether there was one."""
    # Each runner may lose the race for the first to every other one.
    due = Saga.objects.filter(_FREE).order_by("next_attempt_at").values_list("pk", flat=True)[:RUNNERS]
    return any(advance(saga_id) for saga_id in due)


def advance(saga_id: uuid.UUID) -> bool:
    """Take the lease and drive the saga as far as it goes now; whether the lease was ours to take."""
    lease = uuid.uuid4()
    if not Saga.objects.filter(_FREE, pk=saga_id).update(lease=lease, lease_until=_leased()):
        return False
    saga = Saga.objects.get(pk=saga_id)
    saga.lease = lease  # not what the row says by now: every write below must be refused when that is another's
    with structlog.contextvars.bound_contextvars(correlation_id=saga.correlation_id, saga=str(saga.pk)):
        try:
            _drive(saga)
        except LeaseLost:
            log.warning("saga taken over by another runner")
    return True


def _drive(saga: Saga) -> None:
    """Until the saga ends or has to wait."""
    try:
        while saga.state in Saga.OPEN:
            move = _forward if saga.state == Saga.State.RUNNING else _back
            move(saga, PLANS[saga.kind])
    except LeaseLost:
        raise
    except Exception as error:
        if isinstance(error, Error) and database_is_away(error):
            raise  # the lease runs out by itself
        # Whatever it is, this saga must neither be forgotten nor keep the others waiting.
        _later(saga, error)


def _forward(saga: Saga, plan: Plan) -> None:
    """Do one step, or the end after the last. Refused, or without an answer past the deadline, the saga turns back.

    `step` stays where it is then, so that this very step is undone too: it may have reached its participant, or may yet.
    """
    if saga.step == len(plan.steps):
        _end(saga, Saga.State.COMPLETED, plan.complete)
        return
    step = plan.steps[saga.step]
    fault_point(f"saga_before_{step.name}")
    try:
        learned = step.do(saga)
    except Refused as refused:
        if not plan.may_be_refused:
            raise
        _turn_back(saga, refused, refusal={"status": refused.status, "answer": refused.answer})
    except Exception as error:
        # A fault of our own is as good as no answer: past the deadline both are undone.
        if not (plan.has_deadline and Saga.objects.filter(pk=saga.pk, deadline__lte=Now()).exists()):
            raise
        _turn_back(saga, error)
    else:
        fault_point(f"saga_after_{step.name}")
        _write(saga, step=saga.step + 1, attempts=0, payload=saga.payload | (learned or {}))


def _turn_back(saga: Saga, error: Exception, **fields: Any) -> None:
    _write(saga, state=Saga.State.COMPENSATING, attempts=0, last_error=str(error), **fields)


def _back(saga: Saga, plan: Plan) -> None:
    """Undo one step; after the first of them the saga ends."""
    step = plan.steps[saga.step]
    fault_point(f"saga_before_undo_{step.name}")
    step.undo(saga)
    fault_point(f"saga_after_undo_{step.name}")
    if saga.step == 0:
        _end(saga, Saga.State.COMPENSATED, plan.compensated)
    else:
        _write(saga, step=saga.step - 1, attempts=0)


def _later(saga: Saga, error: Exception) -> None:
    wait = min(0.2 * 2 ** min(saga.attempts, 20), LONGEST_WAIT)
    what = {"kind": saga.kind, "state": saga.state, "step": saga.step, "attempts": saga.attempts + 1}
    # Nobody is told when an undo goes on failing, or a fault is ours: these are for the operator.
    expected = isinstance(error, participants.Unknown) and saga.state == Saga.State.RUNNING
    log.log(logging.WARNING if expected else logging.ERROR, "saga waits", **what, error=str(error), retry_in=wait)
    _write(
        saga,
        attempts=saga.attempts + 1,
        last_error=str(error),
        next_attempt_at=Now() + timedelta(seconds=wait),
        lease=None,
        lease_until=None,
    )


def _end(saga: Saga, state: Saga.State, last: str | None) -> None:
    with transaction.atomic():
        # The lease is checked first: its row lock keeps a second runner from doing `last` once more.
        if not _held(saga).update(state=state, ended_at=Now(), lease=None, lease_until=None):
            raise LeaseLost
        if last is not None:
            import_string(last)(saga=saga)
    saga.state = state
    fault_point(f"saga_{state}")
    log.info("saga ended", kind=saga.kind, state=state, user=str(saga.subject))


def _write(saga: Saga, **fields: Any) -> None:
    """The fields, and the lease renewed. Raises LeaseLost."""
    if not _held(saga).update(**{"lease_until": _leased(), **fields}):
        raise LeaseLost
    for name, value in fields.items():
        setattr(saga, name, value)


def _held(saga: Saga) -> QuerySet[Saga]:
    return Saga.objects.filter(pk=saga.pk, lease=saga.lease)


def _leased() -> Any:
    return Now() + timedelta(seconds=settings.SAGA_LEASE_SECONDS)
