"""Hours told anew: made due again, so that `publish_hours` sends them. Compared a device at a time, by the sum of its versions."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, Sum

from monitoring_service.hours.models import Hour
from monitoring_service.readings.models import LastReading
from service_kit.events import ConsumptionHourly
from service_kit.owned import Owned, Wait
from service_kit.versions import Versions, versions_of


class OwnedHours(Owned):
    """Keys are devices. A copy that is ahead knows of changes that a restored database has forgotten: it is only named."""

    event = ConsumptionHourly
    queues = ("forecast.hours",)
    name = "hour"
    can_overtake = can_forget = False

    def versions(self) -> Versions:
        return self._sums("published_version").filter(total__gt=0)

    def latest(self) -> Versions:
        return self._sums("version")

    def _sums(self, column: str) -> Versions:
        return versions_of(
            Hour.objects.values("device_id").annotate(total=Sum(column)), key="device_id", version="total"
        )

    def known(self, keys: Iterable[str]) -> set[str]:
        found = Hour.objects.filter(device_id__in=list(keys))
        return {str(device) for device in found.values_list("device_id", flat=True).distinct()}

    def wait_until_sent(self, wait: Wait) -> None:
        """What `versions` counts was confirmed by the broker before it was noted as published."""

    def resync(self, keys: Iterable[str] | None, *, start: datetime | None = None, end: datetime | None = None) -> int:
        within = Q(start__gte=start) if start else Q()
        within &= Q(start__lt=end) if end else Q()
        devices = LastReading.objects.order_by("pk").values_list("pk", flat=True)
        if keys is not None:
            devices = devices.filter(pk__in=list(keys))
        return sum(self._make_due(device_id, within) for device_id in devices.iterator())

    def _make_due(self, device_id: UUID, within: Q) -> int:
        with transaction.atomic():
            # The lock that every writer of the device's hours takes first: without it the two could wait in a circle.
            LastReading.objects.select_for_update().get(pk=device_id)
            return Hour.objects.filter(within, device_id=device_id).update(published_version=0)
