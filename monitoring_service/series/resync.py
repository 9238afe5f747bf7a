"""Plants' series told anew: all that is known of each, under new versions."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat

from monitoring_service.series.models import Series
from monitoring_service.series.services import tell_hours
from service_kit.events import SeriesUpdated
from service_kit.owned import NotDated, Owned
from service_kit.versions import Versions, versions_of


class OwnedSeries(Owned):
    """Keys are `<plant>/<name>`. A series ends with its plant, so a copy is neither overtaken nor ended from here."""

    event = SeriesUpdated
    queues = ("forecast.sync",)
    can_overtake = can_forget = False

    def versions(self) -> Versions:
        return versions_of(_keyed(), key="key", version="changes")

    latest = versions

    def known(self, keys: Iterable[str]) -> set[str]:
        return set(_keyed().filter(key__in=list(keys)).values_list("key", flat=True))

    def resync(self, keys: Iterable[str] | None, *, start: datetime | None = None, end: datetime | None = None) -> int:
        if start or end:
            raise NotDated(NotDated.__doc__)
        wanted = _keyed() if keys is None else _keyed().filter(key__in=list(keys))
        told = 0
        for plant_id, name in list(wanted.order_by("key").values_list("plant_id", "name")):
            with transaction.atomic():
                series = Series.objects.select_for_update().get(plant_id=plant_id, name=name)
                tell_hours(plant_id=plant_id, name=name, unit=series.unit)
            told += 1
        return told


def _keyed() -> QuerySet[Any]:
    return Series.objects.annotate(
        key=Concat(Cast("plant_id", TextField()), Value("/"), F("name"), output_field=TextField())
    )
