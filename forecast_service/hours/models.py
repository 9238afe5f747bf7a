from django.db import models


class Hour(models.Model):
    """monitoring_service's hour of a device, [start, start + 1 h) in UTC. `kwh` is null when it is missing."""

    pk = models.CompositePrimaryKey("device_id", "start")
    device_id = models.UUIDField()
    start = models.DateTimeField()
    kwh = models.FloatField(null=True)
    readings = models.IntegerField()
    expected = models.FloatField(null=True)
    quality = models.CharField(max_length=10)
    version = models.BigIntegerField()


class Series(models.Model):
    """What is known of a device's hours. Forecasts rest on the complete ones.

    until: the end of the last complete hour. revision: goes up with every change before `until`. planned_revision: the one
    that the planning of forecasts has seen.
    """

    device_id = models.UUIDField(primary_key=True)
    until = models.DateTimeField(null=True)
    revision = models.BigIntegerField(default=0)
    planned_revision = models.BigIntegerField(default=0)

    class Meta:
        indexes = (
            models.Index(
                fields=["device_id"],
                condition=models.Q(revision__gt=models.F("planned_revision")),
                name="series_to_plan",
            ),
        )
