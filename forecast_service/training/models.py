import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q

from forecast_service.forecasts.models import LONGEST_SCOPE


class SavedModel(models.Model):
    """Which forecaster speaks for the energy of one kind in a scope, since when and why.

    version: counts the trainings; 0 is what the workers chose when nobody asked, anew each day. asked: "auto" or a forecaster's name. errors: what the backtest of each candidate gave. parameters: those of the fit of
    that day; forecasts fit anew. created_by: who asked, None for version 0. devices: of a device or list scope, else empty.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    scope = models.CharField(max_length=LONGEST_SCOPE)
    kind = models.CharField(max_length=20)
    version = models.IntegerField(default=0)
    asked = models.CharField(max_length=30)
    forecaster = models.CharField(max_length=30)
    reason = models.TextField()
    errors = models.JSONField()
    parameters = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    devices = ArrayField(models.UUIDField(), default=list)
    history_until = models.DateTimeField()
    trained_at = models.DateTimeField()
    created_by = models.UUIDField(null=True)
    is_current = models.BooleanField(default=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["scope", "kind"], condition=Q(is_current=True), name="one_current_model_per_scope"
            ),
            models.UniqueConstraint(fields=["scope", "kind", "version"], name="one_model_per_version"),
        )


class Job(models.Model):
    """A training that somebody asked for. It is a row first, so that neither a worker's death nor the broker's loses it.

    lease_until: when the worker that runs it is taken for dead and another may begin anew.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    scope = models.CharField(max_length=LONGEST_SCOPE)
    kind = models.CharField(max_length=20)
    asked = models.CharField(max_length=30)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    progress = models.FloatField(default=0)
    step = models.CharField(max_length=100, default="waiting for a worker")
    error = models.TextField(null=True)
    model_id = models.UUIDField(null=True)
    attempts = models.IntegerField(default=0)
    created_by = models.UUIDField()
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    enqueued_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["scope", "kind", "asked", "created_by"],
                condition=Q(state__in=["queued", "running"]),
                name="one_open_job_per_question",
            ),
        )
        indexes = (models.Index(fields=["created_at"], condition=Q(state__in=["queued", "running"]), name="job_open"),)
