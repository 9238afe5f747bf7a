"""Where devices stand and what their energy costs."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q


class Tariff(models.Model):
    """Prices of a contract. `rates`: `[{price_per_kwh, weekdays, from_minute, to_minute}]`, every minute of the week once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3, default="EUR")
    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)
    standing_charge_per_day = models.FloatField(default=0)
    feed_in_per_kwh = models.FloatField(default=0)
    rates = models.JSONField(encoder=DjangoJSONEncoder)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name", "id")
        constraints = (
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_from__lt=models.F("valid_to")),
                name="tariff_begins_before_it_ends",
            ),
        )

    def __str__(self) -> str:
        return self.name


class Plant(models.Model):
    """A house, flat or site: its devices' days, prices and holidays follow its zone, tariff and country.

    `tariff`: until the first of its `tariff_changes`, and without any for ever.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=200)
    timezone = models.CharField(max_length=64)
    country = models.CharField(max_length=2, null=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    tariff = models.ForeignKey(Tariff, null=True, on_delete=models.PROTECT, related_name="plants")
    co2_g_per_kwh = models.FloatField(null=True)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class TariffChange(models.Model):
    """From `at` on the plant is on this tariff, until its next change."""

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="tariff_changes", db_index=False)
    tariff = models.ForeignKey(Tariff, on_delete=models.PROTECT, related_name="changes_to_it")
    at = models.DateTimeField()

    class Meta:
        ordering = ("at",)
        constraints = (models.UniqueConstraint(fields=["plant", "at"], name="one_tariff_from_an_instant"),)
