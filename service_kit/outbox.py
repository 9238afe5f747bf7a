"""Events leave a service through its database: written with the change they tell of, sent after its commit."""

import uuid
from collections.abc import Iterable

import structlog
from django.db import connection
from django.db.transaction import TransactionManagementError

from service_kit.events import Event, encode
from service_kit.models import OutboxEvent


def publish(event: Event, *, version: int) -> None:
    """Put the event into the outbox of the running transaction, after the row it speaks of was written.

    Raises TransactionManagementError outside a transaction, where the event could outlive a change that never was.
    """
    publish_all([(event, version)])


def publish_all(events: Iterable[tuple[Event, int]]) -> None:
    """`publish` for several (event, version), in this order."""
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id")
    rows = [
        OutboxEvent(type=event.type, body=encode(event, version=version, correlation_id=correlation_id))
        for event, version in events
    ]
    if not connection.in_atomic_block:
        names = ", ".join(sorted({row.type for row in rows})) or "Events"
        raise TransactionManagementError(f"{names} must be published inside transaction.atomic()")
    OutboxEvent.objects.bulk_create(rows)


def forget(*, subject: uuid.UUID) -> int:
    """Drop what the outbox says of this subject, sent or not, because the subject is gone; how many events.

    Nothing is lost by that: the event of its end has the highest version, and is published after this.
    """
    named = f'"subject":"{subject}"'.encode()
    return OutboxEvent.objects.extra(where=["position(%s in body) > 0"], params=[named]).delete()[0]
