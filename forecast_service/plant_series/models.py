from django.db import models


class PlantSeries(models.Model):
    """monitoring_service's series of a plant, such as its temperature, and the newest version of it that has arrived."""

    pk = models.CompositePrimaryKey("plant_id", "name")
    plant_id = models.UUIDField()
    name = models.CharField(max_length=64)
    unit = models.CharField(max_length=32)
    version = models.BigIntegerField()


class PlantHour(models.Model):
    """What is known of [start, start + 1 h) of such a series, measured or forecast, since the series' `version`."""

    pk = models.CompositePrimaryKey("plant_id", "name", "start")
    plant_id = models.UUIDField()
    name = models.CharField(max_length=64)
    start = models.DateTimeField()
    value = models.FloatField()
    version = models.BigIntegerField()
