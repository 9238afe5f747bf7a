"""Events leave a service through its database: written with the change they tell of, sent after its commit."""

import structlog
from django.db import connection
from django.db.transaction import TransactionManagementError

from service_kit.events import Event, encode
from service_kit.models import OutboxEvent


def publish(event: Event, *, version: int) -> None:
    """Put the event into the outbox of the running transaction, after the row it speaks of was written.

    Raises TransactionManagementError outside a transaction, where the event could outlive a change that never was.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{event.type} must be published inside transaction.atomic()")
    correlation_id = structlog.contextvars.get_contextvars().get("correlation_id")
    body = encode(event, version=version, correlation_id=correlation_id)
    OutboxEvent.objects.create(type=event.type, body=body)
