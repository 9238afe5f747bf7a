import uuid

from django.db import models


class Alert(models.Model):
    """Something that somebody should look at: of a device, from `start`, with what to do about it.

    id: of an anomaly its own, so that it is one alert however often it is told. version: of the anomaly, the highest counts.
    end: so far. expected_kwh, actual_kwh: over [start, end). confidence: 0 to 1.
    """

    class Type(models.TextChoices):
        ANOMALY = "anomaly"
        FAULT = "fault"

    class Severity(models.TextChoices):
        LOW = "low"
        MEDIUM = "medium"
        HIGH = "high"

    class State(models.TextChoices):
        OPEN = "open"
        ENDED = "ended"
        NORMAL = "normal"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    device_id = models.UUIDField()
    type = models.CharField(max_length=10, choices=Type)
    code = models.CharField(max_length=64)
    severity = models.CharField(max_length=8, choices=Severity)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    start = models.DateTimeField()
    end = models.DateTimeField(null=True)
    expected_kwh = models.FloatField(null=True)
    actual_kwh = models.FloatField(null=True)
    confidence = models.FloatField(null=True)
    message = models.CharField(max_length=500)
    recommendation = models.CharField(max_length=500, default="")
    version = models.BigIntegerField(default=0)

    class Meta:
        indexes = (models.Index(fields=["device_id", "-start"], name="alerts_of_device"),)
