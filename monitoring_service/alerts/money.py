"""What the energy of an alert costs: at the mean price of its hours, as the plant's tariffs were valid then."""

from collections.abc import Iterable
from uuid import UUID

from monitoring_service.alerts.models import Alert
from monitoring_service.dashboard.homes import mean_price
from monitoring_service.devices.models import Device, Plant
from monitoring_service.devices.selection import us_or

# What these take is bought. What is produced or fed in has no one price: part of it saves, part of it is paid.
BOUGHT = ("consumption", "grid_import")


def price_alerts(ids: Iterable[UUID]) -> None:
    """Note the price of those that have energy; to be called whenever their hours have changed."""
    alerts = list(Alert.objects.filter(pk__in=list(ids), end__isnull=False, actual_kwh__isnull=False))
    bought = Device.live.filter(pk__in=[alert.device_id for alert in alerts], kind__in=BOUGHT, plant_id__isnull=False)
    plant_of = dict(bought.values_list("pk", "plant_id"))
    plants = Plant.live.in_bulk(set(plant_of.values()))
    for alert in alerts:
        plant = plants.get(plant_of.get(alert.device_id))
        price = mean_price(plant, us_or(0, alert.start), us_or(0, alert.end)) if plant else None
        alert.price_per_kwh, alert.currency = price or (None, None)
    Alert.objects.bulk_update(alerts, ["price_per_kwh", "currency"])
