from django.db import models


class PlantSeries(models.Model):
    """monitoring_service's series of a plant, such as its temperature, and the newest version of it that has arrived.

    revision: goes up with every hour that is news. planned_revision: the one that the planning of forecasts has seen, at
    `planned_at`.
    """

    pk = models.CompositePrimaryKey("plant_id", "name")
    plant_id = models.UUIDField()
    name = models.CharField(max_length=64)
    unit = models.CharField(max_length=32)
    version = models.BigIntegerField()
    revision = models.BigIntegerField(default=0)
    planned_revision = models.BigIntegerField(default=0)
    planned_at = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(
                fields=["name", "plant_id"],
                condition=models.Q(revision__gt=models.F("planned_revision")),
                name="plant_series_to_plan",
            ),
        )


class PlantHour(models.Model):
    """What is known of [start, start + 1 h) of such a series, measured or forecast, since the series' `version`."""

    pk = models.CompositePrimaryKey("plant_id", "name", "start")
    plant_id = models.UUIDField()
    name = models.CharField(max_length=64)
    start = models.DateTimeField()
    value = models.FloatField()
    version = models.BigIntegerField()
