import uuid

from django.db import models


class Anomaly(models.Model):
    """Hours [start, end) of a device that its forecast or its own past does not explain; `end` moves while it lasts.

    sure: 0 to 1. second_opinion: share of earlier days that an IsolationForest finds less odd, None when it has too few.
    normal: somebody who knows has said that this is nothing: the like of it is not told again for a while.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    device_id = models.UUIDField()
    fault = models.CharField(max_length=30)
    start = models.DateTimeField()
    end = models.DateTimeField()
    expected_kwh = models.FloatField()
    actual_kwh = models.FloatField()
    sure = models.FloatField()
    second_opinion = models.FloatField(null=True)
    normal = models.BooleanField(default=False)
    detected_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["device_id", "fault", "start"], name="one_anomaly_per_fault_and_start"),
        )
        indexes = (models.Index(fields=["device_id", "-start"], name="anomaly_by_device"),)

    @property
    def kwh_an_hour(self) -> float:
        """How far it is off, kWh an hour."""
        return (self.actual_kwh - self.expected_kwh) / max((self.end - self.start).total_seconds() / 3600, 1)
