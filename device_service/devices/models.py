"""Meters: what each one measures, and how its readings are to be understood."""

import uuid

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now

from device_service.plants.models import Plant


class Category(models.Model):
    """A label of the household or firm: heat pump, lighting, car."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(Lower("name"), name="one_category_per_name"),)

    def __str__(self) -> str:
        return self.name


class Kind(models.TextChoices):
    """What the energy is; the four are separate non-negative series, and net is derived from them."""

    CONSUMPTION = "consumption"
    PRODUCTION = "production"
    GRID_IMPORT = "grid_import"
    GRID_EXPORT = "grid_export"


class Reading(models.TextChoices):
    """What the number in a reading means."""

    INTERVAL_KWH = "interval_kwh"
    POWER_W = "power_w"
    REGISTER_KWH = "register_kwh"


class Device(models.Model):
    """A meter. `version` counts the changes of the device and of its assignments: the other services' copies follow it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True, default="")
    kind = models.CharField(max_length=16, choices=Kind, default=Kind.CONSUMPTION)
    reading = models.CharField(max_length=16, choices=Reading, default=Reading.INTERVAL_KWH)
    interval_seconds = models.PositiveIntegerField(default=600)
    max_consumption = models.FloatField(null=True)
    rated_power_w = models.FloatField(null=True)
    usage_hours = models.FloatField(null=True)
    register_max = models.FloatField(null=True)
    category = models.ForeignKey(Category, null=True, on_delete=models.PROTECT, related_name="devices")
    plant = models.ForeignKey(Plant, null=True, on_delete=models.PROTECT, related_name="devices")
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="sub_meters")
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.CheckConstraint(condition=Q(interval_seconds__gte=1), name="device_interval_is_positive"),
            models.CheckConstraint(condition=Q(parent=None) | ~Q(parent=F("id")), name="device_is_not_its_own_parent"),
        )

    def __str__(self) -> str:
        return self.name


class Credential(models.Model):
    """A meter's own secret, kept as a SHA-256 digest; empty once it is revoked, so that others can be told.

    The secret is 256 random bits, so a slow password hash would add nothing but work to every message of every meter.
    """

    device = models.OneToOneField(Device, primary_key=True, on_delete=models.CASCADE, related_name="credential")
    digest = models.CharField(max_length=64, null=True)
    created_at = models.DateTimeField(auto_now=True)


class EndedCredential(models.Model):
    """A meter whose secret ended at `at`: whoever is connected with it is sent away at once, and again when the broker, too, has
    forgotten it."""

    device_id = models.UUIDField(primary_key=True)
    at = models.DateTimeField(db_default=Now())
    sent_away = models.BooleanField(db_default=False)


class MeterChange(models.Model):
    """A register meter was replaced: the last value of the old one and the first of the new one, with who noted it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="meter_changes")
    at = models.DateTimeField()
    final_register = models.FloatField()
    first_register = models.FloatField()
    note = models.TextField(blank=True, default="")
    noted_by = models.UUIDField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-at", "id")
        constraints = (models.UniqueConstraint(fields=["device", "at"], name="one_meter_change_per_instant"),)
