"""What this service owns and others copy: tariffs before the plants that use them, plants before the devices in them."""

from functools import partial

from device_service.devices.queries import whole_devices
from device_service.devices.services import device_state
from device_service.plants.models import Plant, Tariff
from device_service.plants.services import plant_state, tariff_state
from service_kit.events import DeviceDeleted, DeviceUpdated, PlantDeleted, PlantUpdated, TariffDeleted, TariffUpdated
from service_kit.owned import OwnedRows

# forecast_service reads tariffs' events too and keeps nothing of them.
OWNED = (
    OwnedRows(TariffUpdated, Tariff.objects.all, partial(tariff_state, TariffUpdated), TariffDeleted, ("monitoring.sync",)),
    OwnedRows(
        PlantUpdated, Plant.objects.prefetch_related("tariff_changes").all, partial(plant_state, PlantUpdated), PlantDeleted,
        ("monitoring.sync", "forecast.sync"),
    ),
    OwnedRows(
        DeviceUpdated, whole_devices, partial(device_state, DeviceUpdated), DeviceDeleted,
        ("monitoring.sync", "forecast.sync"),
    ),
)  # fmt: skip
