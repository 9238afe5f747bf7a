from django.db import models


class Series(models.Model):
    """What a plant's series of a name is measured in: temperature in °C, price in EUR/kWh, co2 in g/kWh.

    `changes` counts the events that told of its values: while it stands still, so does what rests on them.
    It is the version of the newest of these events.
    """

    pk = models.CompositePrimaryKey("plant_id", "name")
    plant_id = models.UUIDField()
    name = models.CharField(max_length=64)
    unit = models.CharField(max_length=32)
    changes = models.BigIntegerField(db_default=0)


class SeriesValue(models.Model):
    """The value that holds in [start, start + 1 h): as it was measured, or as a forecast issued at `issued_at` had it."""

    plant_id = models.UUIDField()
    name = models.CharField(max_length=64)
    start = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    value = models.FloatField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["plant_id", "name", "start", "issued_at"], name="one_value_an_issue", nulls_distinct=False
            ),
        )
