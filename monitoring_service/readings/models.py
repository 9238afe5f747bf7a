"""What meters sent. `Reading` is partitioned by month; `partitions.py` makes the months."""

import uuid

from django.db import models
from django.db.models.functions import Now

from monitoring_service.hours.energy import State


class Reading(models.Model):
    """The current value of a device at an instant. `revision` orders corrections, `state` says whether it counts."""

    pk = models.CompositePrimaryKey("device_id", "at")
    device_id = models.UUIDField()
    at = models.DateTimeField()
    value = models.FloatField()
    received_at = models.DateTimeField(db_default=Now())
    revision = models.IntegerField(db_default=0)
    state = models.SmallIntegerField(db_default=0, choices=[(s.value, s.name.lower()) for s in State])


class SupersededValue(models.Model):
    """A value that a correction replaced; its redelivery must change nothing."""

    device_id = models.UUIDField()
    at = models.DateTimeField()
    value = models.FloatField()
    revision = models.IntegerField()
    received_at = models.DateTimeField()
    replaced_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (models.Index(fields=["device_id", "at"], name="superseded_by_reading"),)


class MetricReading(models.Model):
    """A named value beside the energy, such as a voltage; the last one sent for an instant stays."""

    pk = models.CompositePrimaryKey("device_id", "name", "at")
    device_id = models.UUIDField()
    name = models.CharField(max_length=64)
    at = models.DateTimeField()
    value = models.FloatField()
    unit = models.CharField(max_length=32)


class HeldReading(models.Model):
    """A reading, as the message that carries it alone, of a device that was not known when it came.

    `refusal` says why the device could not have sent it, once the device is known.
    """

    device_id = models.UUIDField()
    body = models.BinaryField()
    refusal = models.TextField(null=True)
    received_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = (
            models.Index(fields=["device_id", "id"], name="held_by_device"),
            models.Index(fields=["received_at"], name="held_by_age"),
            models.Index(fields=["id"], name="held_refused", condition=models.Q(refusal__isnull=False)),
        )


class DoubtfulReading(models.Model):
    """A reading that does not count before an operator has accepted it; kept with the decision and who made it."""

    class Reason(models.TextChoices):
        DIP = "dip"
        IMPLAUSIBLE = "implausible"
        DROPPED_MONTH = "dropped_month"

    class Decision(models.TextChoices):
        ACCEPTED = "accepted"
        DISCARDED = "discarded"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device_id = models.UUIDField()
    at = models.DateTimeField()
    value = models.FloatField()
    reason = models.CharField(max_length=16, choices=Reason)
    held_at = models.DateTimeField(db_default=Now())
    decision = models.CharField(max_length=16, choices=Decision, null=True)
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device_id", "at"], name="one_doubt_per_reading"),)
        indexes = (
            models.Index(fields=["held_at", "at", "id"], name="doubtful_open", condition=models.Q(decision=None)),
        )


class Cutoff(models.Model):
    """Readings of the device were dropped: hours before `at` (a whole hour) rest on them and are not computed again.

    `register` is where its counter stood at that instant, so that what it counted since is not lost.
    """

    device_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    register = models.FloatField(null=True)


class LastReading(models.Model):
    """A device's newest reading. Its row is also the lock that keeps two writers from computing one device's hours at once,
    and `changes` counts those who took it: while it stands still, no answer about the device's energy can have changed.
    `old_changes` counts those who changed hours of more than three weeks ago (hours.storing.OLD_DAYS). `previous_at`: what `at`
    was before the last one wrote."""

    device_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField()
    previous_at = models.DateTimeField(null=True)
    value = models.FloatField()
    received_at = models.DateTimeField(db_default=Now())
    changes = models.BigIntegerField(db_default=1)
    old_changes = models.BigIntegerField(db_default=0)


class IngestState(models.Model):
    """What ingest last said of itself: one row."""

    ONLY = 1

    id = models.SmallIntegerField(primary_key=True)
    seen_at = models.DateTimeField()
    waiting = models.BigIntegerField()
    parked = models.BigIntegerField()
    oldest_seconds = models.FloatField()
