"""Who may see which device, and of which time."""

import uuid

from django.db import models
from django.db.models import F, Q

from device_service.devices.models import Device


class Mapping(models.Model):
    """One user's sight of one device from `starts` (null: since ever) to `ends` (null: for ever)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="mappings")
    # Not a foreign key: the user's copy comes and goes by events, in any order.
    user_id = models.UUIDField(db_index=True)
    starts = models.DateTimeField(null=True)
    ends = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-created_at", "id")
        constraints = (
            models.UniqueConstraint(fields=["device", "user_id"], name="one_mapping_per_device_and_user"),
            models.CheckConstraint(
                condition=Q(starts=None) | Q(ends=None) | Q(starts__lt=F("ends")), name="mapping_begins_before_it_ends"
            ),
        )
