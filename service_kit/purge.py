"""What has served its time is forgotten, by each service's hourly job."""

from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db.models import QuerySet
from django.utils import timezone

from service_kit.events import ForecastIssued
from service_kit.models import OutboxEvent, SagaFence
from service_kit.replicas import Replica

# Of a week's events one can still tell what was sent when.
KEEP_PUBLISHED = timedelta(days=7)
# Each hour's forecast of a scope replaces the last: of ten thousand scopes a week of them would be many gigabytes.
KEEP_FORECASTS = timedelta(hours=1)
# Longer than any event or request is under way: a tombstone refuses an older event, a fence a request that comes after its undo.
KEEP_ENDED = timedelta(days=30)
LOT = 5_000


def forget(rows: QuerySet[Any]) -> int:
    """Delete the rows, some thousands in a transaction; how many."""
    gone = 0
    while keys := list(rows.order_by("pk").values_list("pk", flat=True)[:LOT]):
        # By the rows' own condition too: one that has changed meanwhile may not meet it any more.
        gone += rows.filter(pk__in=keys).delete()[0]
    return gone


def purge() -> int:
    """Drop what the kit keeps in a service's database for a time: sent events, tombstones, fences; how many rows."""
    now = timezone.now()
    replicas = [model for model in apps.get_models() if issubclass(model, Replica)]
    return (
        forget(OutboxEvent.objects.filter(published_at__lt=now - KEEP_PUBLISHED))
        + forget(OutboxEvent.objects.filter(type=ForecastIssued.type, published_at__lt=now - KEEP_FORECASTS))
        + forget(SagaFence.objects.filter(at__lt=now - KEEP_ENDED))
        + sum(forget(model.objects.filter(deleted_at__lt=now - KEEP_ENDED)) for model in replicas)
    )
