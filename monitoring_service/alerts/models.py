import uuid

from django.db import models
from django.db.models.functions import Now


class Alert(models.Model):
    """Something that somebody should look at: of a device, from `start`, with what to do about it.

    id: of an anomaly its own, so that it is one alert however often it is told. version: of the anomaly, the highest counts.
    end: so far. expected_kwh, actual_kwh: over [start, end). price_per_kwh: the mean of these hours, for energy that is bought and
    has one. confidence: 0 to 1.
    """

    class Type(models.TextChoices):
        THRESHOLD = "threshold"
        SPIKE = "spike"
        ANOMALY = "anomaly"
        FAULT = "fault"
        NO_DATA = "no_data"

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
    price_per_kwh = models.FloatField(null=True)
    currency = models.CharField(max_length=3, null=True)
    confidence = models.FloatField(null=True)
    message = models.CharField(max_length=500)
    recommendation = models.CharField(max_length=500, default="")
    version = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(db_default=Now())
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.UUIDField(null=True)
    note = models.CharField(max_length=500, default="", blank=True)
    # What lies between `told_changes` and `changes` is yet to be told by MQTT.
    changes = models.IntegerField(default=1)
    told_changes = models.IntegerField(default=0)

    class Meta:
        indexes = (
            models.Index(fields=["device_id", "-start"], name="alerts_of_device"),
            models.Index(fields=["-start", "id"], name="alerts_newest"),
            models.Index(
                fields=["id"], name="alerts_to_tell", condition=models.Q(told_changes__lt=models.F("changes"))
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=["device_id"], name="one_open_silence", condition=models.Q(type="no_data", state="open")
            ),
        )

    @property
    def expected_cost(self) -> float | None:
        return self._cost(self.expected_kwh)

    @property
    def actual_cost(self) -> float | None:
        return self._cost(self.actual_kwh)

    def _cost(self, kwh: float | None) -> float | None:
        return None if kwh is None or self.price_per_kwh is None else kwh * self.price_per_kwh


class AlertRead(models.Model):
    """This user has seen this alert."""

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, db_index=False)  # `read_once` begins with it
    user_id = models.UUIDField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["alert", "user_id"], name="read_once"),)


class AlertRule(models.Model):
    """Whether alerts of a type are raised for a device; `device_id` None: for all that have no rule of their own."""

    type = models.CharField(max_length=10, choices=Alert.Type)
    device_id = models.UUIDField(null=True)
    enabled = models.BooleanField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["type", "device_id"], name="one_rule", nulls_distinct=False),)
