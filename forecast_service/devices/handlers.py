from forecast_service.devices.models import Plant
from forecast_service.devices.services import forget_device, keep_device, keep_plant
from service_kit.events import (
    DeviceAssigned,
    DeviceCreated,
    DeviceDeleted,
    DeviceState,
    DeviceUnassigned,
    DeviceUpdated,
    PlantCreated,
    PlantDeleted,
    PlantState,
    PlantUpdated,
    TariffCreated,
    TariffDeleted,
    TariffState,
    TariffUpdated,
)
from service_kit.replicas import Envelope, Handlers, tombstone


def on_device_changed(event: DeviceState, envelope: Envelope) -> None:
    keep_device(state=event, version=envelope.version)


def on_device_deleted(event: DeviceDeleted, envelope: Envelope) -> None:
    forget_device(device_id=event.id, version=envelope.version)


def on_plant_changed(event: PlantState, envelope: Envelope) -> None:
    keep_plant(state=event, version=envelope.version)


def on_plant_deleted(event: PlantDeleted, envelope: Envelope) -> None:
    tombstone(Plant, key={"id": event.id}, version=envelope.version)


def on_tariff(event: TariffState | TariffDeleted, envelope: Envelope) -> None:
    """The queue carries tariffs, and energy does not depend on them: without this entry each would be dead-lettered."""


HANDLERS: Handlers = {
    DeviceCreated: on_device_changed,
    DeviceUpdated: on_device_changed,
    DeviceAssigned: on_device_changed,
    DeviceUnassigned: on_device_changed,
    DeviceDeleted: on_device_deleted,
    PlantCreated: on_plant_changed,
    PlantUpdated: on_plant_changed,
    PlantDeleted: on_plant_deleted,
    TariffCreated: on_tariff,
    TariffUpdated: on_tariff,
    TariffDeleted: on_tariff,
}
