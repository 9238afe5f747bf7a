import uuid
from typing import Literal

from django.db import models


class Anomaly(models.Model):
    """Hours [start, end) of a device that its forecast or its own past does not explain; `end` moves while it lasts.

    confidence: 0 to 1. second_opinion: share of earlier days that an IsolationForest finds less odd, None when it has too few.
    with_temperature: what was expected rests on the temperature that came at the device's plant. ended: a day has passed without it. normal: somebody who knows has said that this is nothing: the like of it is not told
    again for a while. version: goes up with every change that others are told of.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    device_id = models.UUIDField()
    fault = models.CharField(max_length=30)
    start = models.DateTimeField()
    end = models.DateTimeField()
    expected_kwh = models.FloatField()
    actual_kwh = models.FloatField()
    confidence = models.FloatField()
    second_opinion = models.FloatField(null=True)
    with_temperature = models.BooleanField(default=False)
    ended = models.BooleanField(default=False)
    normal = models.BooleanField(default=False)
    version = models.BigIntegerField(default=1)
    detected_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["device_id", "fault", "start"], name="one_anomaly_per_fault_and_start"),
        )
        indexes = (models.Index(fields=["device_id", "-start"], name="anomaly_by_device"),)

    @property
    def state(self) -> Literal["open", "ended", "normal"]:
        if self.normal:
            return "normal"
        return "ended" if self.ended else "open"

    @property
    def kwh_an_hour(self) -> float:
        """How far it is off, kWh an hour."""
        return (self.actual_kwh - self.expected_kwh) / max((self.end - self.start).total_seconds() / 3600, 1)
