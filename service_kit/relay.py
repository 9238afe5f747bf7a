"""`relay_events`: carries the outbox to the broker, in order, and drops nothing that the broker has not confirmed."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone
from pika.exceptions import UnroutableError

from service_kit.faults import fault_point
from service_kit.messaging import Publisher
from service_kit.models import OutboxEvent

log = structlog.get_logger(__name__)
BATCH = 500
_RELAY_LOCK = 0x454D53


@contextmanager
def only_one(lock: int = _RELAY_LOCK) -> Iterator[bool]:
    """Whether this database session is the one that holds the advisory lock: a second relay would break the order."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock])
        held = cursor.fetchone()[0]
    try:
        yield held
    finally:
        if held:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])


def relay_once(publisher: Publisher) -> int:
    """Publish what waits in the outbox; the number sent. Stops at the first failure (raised), keeping the rest in order."""
    with only_one() as mine:
        if not mine:
            return 0
        # Not `id > last`: a transaction that commits late would leave its row behind for ever.
        waiting = list(OutboxEvent.objects.filter(published_at=None).order_by("id")[:BATCH])
        if not waiting:
            publisher.attend()
        sent: list[int] = []
        try:
            for row in waiting:
                try:
                    publisher.publish(bytes(row.body), routing_key=row.type)
                except UnroutableError:
                    log.error("no queue takes this event, and those after it wait", type=row.type, outbox_id=row.pk)
                    raise
                fault_point("relay_after_confirm")
                sent.append(row.pk)
        finally:
            if sent:
                OutboxEvent.objects.filter(pk__in=sent).update(published_at=timezone.now())
    return len(sent)


class RelayEvents:
    """The job: one call sends one batch."""

    def __init__(self) -> None:
        self._publisher = Publisher(settings.BROKER_URL, name=f"{settings.SERVICE} relay_events")

    def __call__(self) -> int:
        return relay_once(self._publisher)
