from django.db import models

from service_kit.replicas import Replica


class Device(Replica):
    """device_service's device. `reading` says what the number of a reading means."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200, default="")
    kind = models.CharField(max_length=20, default="consumption")
    reading = models.CharField(max_length=20, default="interval_kwh")
    interval_seconds = models.IntegerField(default=600)
    max_consumption = models.FloatField(null=True)
    rated_power_w = models.FloatField(null=True)
    register_max = models.FloatField(null=True)
    category = models.CharField(max_length=100, null=True)
    plant_id = models.UUIDField(null=True)
    parent_id = models.UUIDField(null=True)
    credential_digest = models.CharField(max_length=64, null=True)
    credential_revoked = models.BooleanField(default=False)


class MeterConnection(models.Model):
    """What a meter (or, in its name, the broker) last said of its own connection by MQTT."""

    device_id = models.UUIDField(primary_key=True)
    online = models.BooleanField()
    since = models.DateTimeField()


class DeviceStatus(models.Model):
    """How a device did when that was last told, by its own interval, and since when."""

    class Status(models.TextChoices):
        ONLINE = "online"
        LATE = "late"
        SILENT = "silent"
        NEVER = "never"

    device_id = models.UUIDField(primary_key=True)
    status = models.CharField(max_length=8, choices=Status)
    since = models.DateTimeField()
    last_seen = models.DateTimeField(null=True)


class MeterChange(models.Model):
    """A register meter was replaced at `at`, after which it counts on from `first_register` kWh."""

    device_id = models.UUIDField()
    at = models.DateTimeField()
    final_register = models.FloatField()
    first_register = models.FloatField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["device_id", "at"], name="one_change_per_instant"),)


class Assignment(models.Model):
    """Who may see a device's energy from `since` (None: since ever) until `until` (None: for ever)."""

    device_id = models.UUIDField()
    user_id = models.UUIDField()
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)

    class Meta:
        indexes = (
            models.Index(fields=["device_id", "user_id"], name="assignment_by_device"),
            models.Index(fields=["user_id"], name="assignment_by_user"),
        )


class Plant(Replica):
    """device_service's plant: its zone is the one its days are counted in.

    `tariff_id`: until the first of `tariff_changes` (`[{at, tariff_id}]` as in its event, in order of time).
    """

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200, default="")
    timezone = models.CharField(max_length=64, default="UTC")
    tariff_id = models.UUIDField(null=True)
    tariff_changes = models.JSONField(default=list)
    co2_g_per_kwh = models.FloatField(null=True)


class Tariff(Replica):
    """device_service's tariff; `rates` as in its event: price per kWh by weekday and minute of the local day."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=200, default="")
    currency = models.CharField(max_length=3, default="EUR")
    valid_from = models.DateTimeField(null=True)
    valid_to = models.DateTimeField(null=True)
    standing_charge_per_day = models.FloatField(default=0)
    feed_in_per_kwh = models.FloatField(default=0)
    rates = models.JSONField(default=list)
