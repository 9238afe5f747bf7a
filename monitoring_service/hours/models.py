from django.db import models
from django.db.models import F, Q

from monitoring_service.hours.energy import Quality


class RecomputeRequest(models.Model):
    """A device whose hours from `since` on must be computed anew, because the device itself has changed."""

    device_id = models.UUIDField(primary_key=True)
    since = models.DateTimeField()


class Hour(models.Model):
    """A device's energy in [start, start + 1 h), in quarters, so that every zone's days and hours come out exact.

    `start` is UTC. `q1..q4` are kWh (null: nothing known), `n1..n4` the readings that ended in the quarter, bit i of `whole`
    says that quarter i is wholly covered. `x1..x4` are the kWh that a grid_import meter of signed power sent out meanwhile: they
    belong to the plant's export (null for all other meters). The table is its own outbox: what lies between `published_version` and `version` is sent.
    """

    pk = models.CompositePrimaryKey("device_id", "start")
    device_id = models.UUIDField()
    start = models.DateTimeField()
    q1 = models.FloatField(null=True)
    q2 = models.FloatField(null=True)
    q3 = models.FloatField(null=True)
    q4 = models.FloatField(null=True)
    x1 = models.FloatField(null=True)
    x2 = models.FloatField(null=True)
    x3 = models.FloatField(null=True)
    x4 = models.FloatField(null=True)
    kwh = models.FloatField(null=True)
    expected = models.FloatField(null=True)
    revised_at = models.DateTimeField(null=True)
    version = models.IntegerField(default=1)
    published_version = models.IntegerField(default=0)
    readings = models.IntegerField()
    n1 = models.IntegerField()
    n2 = models.IntegerField()
    n3 = models.IntegerField()
    n4 = models.IntegerField()
    whole = models.SmallIntegerField()
    quality = models.SmallIntegerField(choices=[(q.value, q.name.lower()) for q in Quality])

    class Meta:
        indexes = (
            models.Index(
                fields=["device_id", "start"],
                name="hours_to_publish",
                condition=Q(published_version__lt=F("version")),
            ),
            # Few hours are corrected: whether any of a report's was is told without reading them all.
            models.Index(fields=["device_id", "start"], name="hours_revised", condition=Q(revised_at__isnull=False)),
        )
