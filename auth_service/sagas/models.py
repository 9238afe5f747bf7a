import uuid

from django.db import models
from django.db.models import Q


class Saga(models.Model):
    """One change to a user that several services must agree on. The row is the truth; whoever holds its lease drives it."""

    class State(models.TextChoices):
        RUNNING = "running"
        COMPENSATING = "compensating"
        COMPLETED = "completed"
        COMPENSATED = "compensated"

    OPEN = (State.RUNNING, State.COMPENSATING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    kind = models.CharField(max_length=20)
    subject = models.UUIDField(help_text="The user it is about.")
    payload = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=State, default=State.RUNNING)
    step = models.PositiveSmallIntegerField(
        default=0, help_text="From 0: the step that may have reached its participant; after the last, the end is left."
    )
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    deadline = models.DateTimeField()
    last_error = models.TextField(default="")
    refusal = models.JSONField(null=True, help_text="The answer of the participant that refused.")
    correlation_id = models.CharField(max_length=64, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["subject"],
                condition=Q(state__in=["running", "compensating"]),
                name="one_active_saga_per_user",
            ),
        )
        indexes = (
            models.Index(
                fields=["next_attempt_at"],
                condition=Q(state__in=["running", "compensating"]),
                name="saga_due",
            ),
        )
