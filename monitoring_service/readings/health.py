"""How ingest does, as the web process can tell: ingest notes it in the database, since the two share nothing else.

A warning for the operator, never a failure of the web process: what is stored is answered as well as ever.
"""

from datetime import UTC, datetime

from monitoring_service.readings.dead_letters import DEAD_LETTERS, QUEUE
from monitoring_service.readings.models import IngestState

SILENT_SECONDS = 60
LATE_SECONDS = 60


def note_ingest(*, waiting: int, parked: int, oldest_seconds: float) -> None:
    """Called by ingest every few seconds."""
    values = {"waiting": waiting, "parked": parked, "oldest_seconds": oldest_seconds, "seen_at": datetime.now(UTC)}
    IngestState.objects.update_or_create(pk=IngestState.ONLY, defaults=values)


def ingest_warning() -> str | None:
    """That ingest is gone or lags behind."""
    state = IngestState.objects.filter(pk=IngestState.ONLY).first()
    if state is None:
        return "ingest_measurements has not run yet: readings wait in the broker"
    silent = (datetime.now(UTC) - state.seen_at).total_seconds()
    if silent > SILENT_SECONDS:
        return f"ingest_measurements was last seen {silent:,.0f} s ago: readings wait in {QUEUE} (its log says why)"
    if state.oldest_seconds > LATE_SECONDS:
        return f"ingest lags: readings waited {state.oldest_seconds:,.0f} s, and {state.waiting:,} messages still wait"
    return None


def refused_warning() -> str | None:
    """That refused readings lie in the dead-letter queue."""
    state = IngestState.objects.filter(pk=IngestState.ONLY, parked__gt=0).first()
    return f"{state.parked:,} refused readings: dlq show {DEAD_LETTERS} says why" if state else None
