import uuid

from django.db import models
from django.db.models.functions import Now


class DeviceEvent(models.Model):
    """What a device said of itself, or somebody of it: a code of its maker's, how bad it is, and who has seen to it."""

    class Severity(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device_id = models.UUIDField()
    at = models.DateTimeField()
    code = models.CharField(max_length=64)
    severity = models.CharField(max_length=8, choices=Severity, default=Severity.LOW)
    message = models.CharField(max_length=500, default="")
    received_at = models.DateTimeField(db_default=Now())
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.UUIDField(null=True)
    note = models.CharField(max_length=500, default="")

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device_id", "at", "code"], name="one_event_per_instant"),)
        indexes = (models.Index(fields=["-at", "id"], name="events_newest"),)
