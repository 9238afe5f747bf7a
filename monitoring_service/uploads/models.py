"""Files of readings: kept in the database until they are read, so that every process finds them and nothing else must be shared."""

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Upload(models.Model):
    """A file and how far it has been read. `options` are those of `parsing.Options`, `rows` the data rows behind us."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    file_name = models.CharField(max_length=200)
    size = models.BigIntegerField()
    options = models.JSONField()
    dry_run = models.BooleanField(default=False)
    uploaded_by = models.UUIDField()
    created_at = models.DateTimeField(db_default=Now())
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    worker = models.UUIDField(null=True)
    tries = models.IntegerField(default=0)  # workers that took it over from one that did not come back
    lease_until = models.DateTimeField(null=True)
    progress = models.FloatField(default=0)
    rows = models.IntegerField(default=0)
    accepted = models.IntegerField(default=0)
    duplicates = models.IntegerField(default=0)
    rejected_count = models.IntegerField(default=0)
    error = models.TextField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created_at", "id")
        indexes = (
            models.Index(fields=["-created_at", "id"], name="uploads_newest"),
            models.Index(fields=["created_at"], name="uploads_open", condition=Q(state__in=("queued", "running"))),
        )


class Chunk(models.Model):
    """A piece of an upload's file, in order of `number`."""

    pk = models.CompositePrimaryKey("upload_id", "number")
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, db_index=False)
    number = models.IntegerField()
    body = models.BinaryField()


class RejectedRow(models.Model):
    """A row that was not taken in. `row` is its number in the file, the header being 1."""

    pk = models.CompositePrimaryKey("upload_id", "row")
    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, db_index=False)
    row = models.IntegerField()
    error = models.TextField()
