"""The rows that the rules of delivery need in every service's own database."""

from django.db import models
from django.db.models import Q


class OutboxEvent(models.Model):
    """An event that was committed with the row it speaks of and waits for, or had, the broker's confirm."""

    type = models.CharField(max_length=64)
    body = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (models.Index(fields=["id"], condition=Q(published_at=None), name="outbox_unpublished"),)


class SagaFence(models.Model):
    """What a participant did for one step of a saga. UNDONE without DONE before it refuses the request that comes late."""

    class State(models.TextChoices):
        DONE = "done"
        UNDONE = "undone"

    saga_id = models.UUIDField()
    step = models.CharField(max_length=40)
    state = models.CharField(max_length=6, choices=State)
    answer = models.JSONField(null=True)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["saga_id", "step"], name="one_fence_per_step"),)
