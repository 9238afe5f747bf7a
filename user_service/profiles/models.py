"""What a person tells about itself."""

from django.conf import settings
from django.db import models


def default_timezone() -> str:
    return settings.DEFAULT_TIMEZONE


class Profile(models.Model):
    """Names, phone and zone of one account. `version` counts its changes, for the services that keep a copy; 0 is nobody's."""

    user_id = models.UUIDField(primary_key=True)
    first_name = models.CharField(max_length=150, default="")
    last_name = models.CharField(max_length=150, default="")
    phone = models.CharField(max_length=32, default="")
    timezone = models.CharField(max_length=64, default=default_timezone)
    version = models.BigIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("last_name", "first_name", "user_id")
