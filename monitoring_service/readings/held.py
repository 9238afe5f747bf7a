"""`return_refused`: held readings that cannot be stored leave the held list for the dead-letter queue."""

from monitoring_service.readings.dead_letters import DeadLetters
from monitoring_service.readings.models import HeldReading
from monitoring_service.readings.services import HELD_FOR, held_to_return


class ReturnRefused:
    """The job: one call returns one batch, each reading confirmed by the broker before it is deleted here."""

    def __init__(self) -> None:
        self._dead_letters = DeadLetters()

    def __call__(self) -> int:
        waiting = held_to_return()
        hours = int(HELD_FOR.total_seconds() // 3600)
        for row in waiting:
            unknown = f"device {row.device_id} did not become known within {hours} h: create it, then send this again"
            self._dead_letters.put(bytes(row.body), row.refusal or unknown)
        HeldReading.objects.filter(pk__in=[row.pk for row in waiting]).delete()
        return len(waiting)
