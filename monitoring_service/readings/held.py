"""`return_refused`: held readings that cannot be stored leave the held list for the dead-letter queue."""

from datetime import UTC, datetime, timedelta

from django.db.models import Q

from monitoring_service.readings.dead_letters import DeadLetters
from monitoring_service.readings.decoding import Refusal
from monitoring_service.readings.models import HeldReading

HELD_FOR = timedelta(hours=24)


def held_to_return(*, limit: int = 500) -> list[HeldReading]:
    """Held readings that will not be stored: their device did not arrive in time, or refused them."""
    overdue = Q(received_at__lt=datetime.now(UTC) - HELD_FOR)
    return list(HeldReading.objects.filter(overdue | Q(refusal__isnull=False)).order_by("received_at")[:limit])


class ReturnRefused:
    """The job: one call returns one batch, each reading confirmed by the broker before it is deleted here."""

    def __init__(self) -> None:
        self._dead_letters = DeadLetters()

    def __call__(self) -> int:
        waiting = held_to_return()
        hours = int(HELD_FOR.total_seconds() // 3600)
        for row in waiting:
            unknown = f"device {row.device_id} did not become known within {hours} h: create it, then send this again"
            self._dead_letters.put(Refusal(bytes(row.body), row.refusal or unknown))
        HeldReading.objects.filter(pk__in=[row.pk for row in waiting]).delete()
        return len(waiting)
