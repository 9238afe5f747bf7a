from django.db import models

from service_kit.replicas import Replica


class Device(Replica):
    """device_service's device: what kind of energy it measures, and where."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200, default="")
    kind = models.CharField(max_length=20, default="consumption")
    plant_id = models.UUIDField(null=True, db_index=True)
    parent_id = models.UUIDField(null=True)


class Assignment(models.Model):
    """Who may see a device, from `since` (None: since ever) until `until` (None: for ever)."""

    device_id = models.UUIDField(db_index=True)
    user_id = models.UUIDField(db_index=True)
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)


class Plant(Replica):
    """device_service's plant: its clock and its holidays are those that its people live by."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200, default="")
    timezone = models.CharField(max_length=64, default="UTC")
    country = models.CharField(max_length=2, null=True)
