"""Sagas: a change that several services must make together, or not at all, with a crash possible between any two lines.

The rules (the participants' side is in service_kit/fences.py):
- "step started" is committed before the call, and no transaction is open while it runs;
- an unknown outcome is retried until the deadline, then undone together with the steps before it;
- an undo is retried for ever;
- every write is conditional on the lease, so a runner that was thought dead cannot overwrite its successor.
A web request and the job `run_sagas` run the same code.
"""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import Error, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string

from auth_service.sagas import participants
from auth_service.sagas.models import Saga
from auth_service.sagas.participants import Refused, Unknown
from service_kit.faults import fault_point

log = structlog.get_logger(__name__)
REGISTER, UPDATE, DELETE = "register", "update", "delete"
LEASE = timedelta(seconds=30)
LONGEST_WAIT = 30.0


class LeaseLost(Exception):
    """Another runner has taken the saga over: this one must stop."""


def _nothing(saga: Saga) -> None:
    """The undo of a step that is only ever repeated."""


@dataclass(frozen=True)
class Step:
    name: str
    do: Callable[[Saga], None]
    undo: Callable[[Saga], None] = _nothing


@dataclass(frozen=True)
class Plan:
    """`complete` and `compensated` name functions that run in the transaction that ends the saga.

    A plan that goes `forward_only` was checked before it began: an unknown outcome is asked for again without a deadline.
    """

    steps: tuple[Step, ...]
    complete: str
    compensated: str | None = None
    forward_only: bool = False


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
        forward_only=True,
    ),
    DELETE: Plan(
        steps=(
            Step("profile", do=lambda saga: participants.remove_profile(**_of(saga))),
            Step("devices", do=lambda saga: participants.remove_device_user(**_of(saga))),
        ),
        complete="auth_service.accounts.services.purge",
        forward_only=True,
    ),
}


def start_saga(*, kind: str, subject: uuid.UUID, payload: dict[str, Any]) -> Saga:
    """The durable row, in the caller's transaction. Raises IntegrityError when the user has an active saga."""
    # Every instant is the database's: runners on machines whose clocks differ must agree on what is due.
    return Saga.objects.create(
        kind=kind,
        subject=subject,
        payload=payload,
        next_attempt_at=Now(),
        deadline=Now() + timedelta(seconds=settings.SAGA_DEADLINE_SECONDS),
        correlation_id=structlog.contextvars.get_contextvars().get("correlation_id") or uuid.uuid4().hex,
    )


def run_until(saga_id: uuid.UUID, *, seconds: float) -> Saga:
    """Drive the saga until it has ended or the time is over; what is left, `run_sagas` goes on with."""
    give_up = time.monotonic() + seconds
    while True:
        advance(saga_id)
        saga = Saga.objects.get(pk=saga_id)
        left = give_up - time.monotonic()
        if saga.state not in Saga.OPEN or left <= 0:
            return saga
        pause = max(0.05, (saga.next_attempt_at - timezone.now()).total_seconds())
        time.sleep(min(pause, left))


def run_due() -> bool:
    """One unit of `run_sagas`: drive one saga that is due and that nobody holds; whether there was one."""
    due = (
        Saga.objects.filter(state__in=Saga.OPEN, next_attempt_at__lte=Now())
        .filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
        .order_by("next_attempt_at")
        .values_list("pk", flat=True)
        .first()
    )
    if due is None:
        return False
    return advance(due)


def advance(saga_id: uuid.UUID) -> bool:
    """Take the lease and drive the saga as far as it goes now; whether the lease was ours to take."""
    lease = uuid.uuid4()
    taken = (
        Saga.objects.filter(pk=saga_id, state__in=Saga.OPEN, next_attempt_at__lte=Now())
        .filter(Q(lease_until=None) | Q(lease_until__lt=Now()))
        .update(lease=lease, lease_until=Now() + LEASE)
    )
    if not taken:
        return False
    saga = Saga.objects.get(pk=saga_id)
    with structlog.contextvars.bound_contextvars(correlation_id=saga.correlation_id, saga=str(saga.pk)):
        try:
            _drive(saga, lease)
        except LeaseLost:
            log.warning("saga taken over by another runner")
            return True
        except Error:
            raise
        except Exception as error:
            # A saga that we cannot drive must neither be forgotten nor keep the others waiting.
            log.exception("saga failed")
            _later(saga, lease, error)
        Saga.objects.filter(pk=saga.pk, lease=lease).update(lease=None, lease_until=None)
    return True


def _drive(saga: Saga, lease: uuid.UUID) -> None:
    """Forward step by step, and where that must end, back; until the saga ends or has to wait."""
    plan = PLANS[saga.kind]
    waits = False
    while saga.state == Saga.State.RUNNING and not waits:
        if saga.step < len(plan.steps):
            waits = _forward(saga, lease, plan)
        else:
            _end(saga, lease, Saga.State.COMPLETED, plan.complete)
    while saga.state == Saga.State.COMPENSATING and not waits:
        if saga.started:
            waits = _back(saga, lease, plan.steps[saga.step])
        elif saga.step > 0:
            _write(saga, lease, step=saga.step - 1, started=True, attempts=0)
        else:
            _end(saga, lease, Saga.State.COMPENSATED, plan.compensated)


def _forward(saga: Saga, lease: uuid.UUID, plan: Plan) -> bool:
    """Do one step; whether it has to be tried again later. Refused, or unknown past the deadline, the saga turns back.

    `started` stays true then, so that this very step is undone too: it may have reached its participant, or reach it yet.
    """
    step = plan.steps[saga.step]
    _write(saga, lease, started=True)
    fault_point(f"saga_before_{step.name}")
    back = {"state": Saga.State.COMPENSATING, "attempts": 0}
    try:
        step.do(saga)
    except Refused as refused:
        answer = {"status": refused.status, "answer": refused.answer}
        _write(saga, lease, **back, last_error=str(refused), refusal=answer)
        return False
    except Unknown as unknown:
        if plan.forward_only or not Saga.objects.filter(pk=saga.pk, deadline__lte=Now()).exists():
            _later(saga, lease, unknown)
            return True
        _write(saga, lease, **back, last_error=str(unknown))
        return False
    fault_point(f"saga_after_{step.name}")
    _write(saga, lease, step=saga.step + 1, started=False, attempts=0)
    return False


def _back(saga: Saga, lease: uuid.UUID, step: Step) -> bool:
    """Undo one step; whether it has to be tried again later, which goes on for ever."""
    try:
        step.undo(saga)
    except (Refused, Unknown) as failed:
        log.error("saga step cannot be undone yet", step=step.name, attempts=saga.attempts, error=str(failed))
        _later(saga, lease, failed)
        return True
    fault_point(f"saga_after_undo_{step.name}")
    _write(saga, lease, started=False, attempts=0)
    return False


def _later(saga: Saga, lease: uuid.UUID, error: Exception) -> None:
    wait = min(0.2 * 2 ** min(saga.attempts, 20), LONGEST_WAIT)
    log.warning("saga waits", state=saga.state, step=saga.step, error=str(error), retry_in=wait)
    _write(
        saga,
        lease,
        attempts=saga.attempts + 1,
        last_error=str(error),
        next_attempt_at=Now() + timedelta(seconds=wait),
    )


def _end(saga: Saga, lease: uuid.UUID, state: Saga.State, last: str | None) -> None:
    with transaction.atomic():
        # The lease is checked first: its row lock keeps a second runner from doing `last` once more.
        _write(saga, lease, state=state, ended_at=Now())
        if last is not None:
            import_string(last)(saga=saga)
    log.info("saga ended", kind=saga.kind, state=saga.state, user=str(saga.subject))


def _write(saga: Saga, lease: uuid.UUID, **fields: Any) -> None:
    held = Saga.objects.filter(pk=saga.pk, lease=lease).update(lease_until=Now() + LEASE, **fields)
    if not held:
        raise LeaseLost
    for name, value in fields.items():
        setattr(saga, name, value)
