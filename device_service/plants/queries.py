"""Plants and tariffs that a caller may see: an admin all, a client those of its devices."""

from django.db.models import Q, QuerySet

from device_service.devices.queries import devices_visible_to
from device_service.plants.models import Plant, Tariff, TariffChange
from service_kit.auth import Caller


def plants_visible_to(caller: Caller) -> QuerySet[Plant]:
    plants = Plant.objects.all()
    return plants if caller.is_admin else plants.filter(pk__in=devices_visible_to(caller).order_by().values("plant_id"))


def tariffs_visible_to(caller: Caller) -> QuerySet[Tariff]:
    tariffs = Tariff.objects.all()
    if caller.is_admin:
        return tariffs
    plants = plants_visible_to(caller).order_by()
    later = TariffChange.objects.filter(plant__in=plants.values("pk")).order_by().values("tariff_id")
    return tariffs.filter(Q(pk__in=plants.values("tariff_id")) | Q(pk__in=later))
