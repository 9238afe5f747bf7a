from monitoring_service.devices import services
from monitoring_service.devices.models import Plant, Tariff
from service_kit.events import (
    DeviceAssigned,
    DeviceCreated,
    DeviceDeleted,
    DeviceState,
    DeviceUnassigned,
    DeviceUpdated,
    Envelope,
    PlantCreated,
    PlantDeleted,
    PlantState,
    PlantUpdated,
    TariffCreated,
    TariffDeleted,
    TariffState,
    TariffUpdated,
)
from service_kit.replicas import Handlers, tombstone


def on_device_changed(event: DeviceState, envelope: Envelope) -> None:
    services.copy_device(state=event, version=envelope.version)


def on_device_deleted(event: DeviceDeleted, envelope: Envelope) -> None:
    services.drop_device(device_id=event.id, version=envelope.version)


def on_plant_changed(event: PlantState, envelope: Envelope) -> None:
    services.copy_plant(state=event, version=envelope.version)


def on_plant_deleted(event: PlantDeleted, envelope: Envelope) -> None:
    tombstone(Plant, key={"id": event.id}, version=envelope.version)


def on_tariff_changed(event: TariffState, envelope: Envelope) -> None:
    services.copy_tariff(state=event, version=envelope.version)


def on_tariff_deleted(event: TariffDeleted, envelope: Envelope) -> None:
    tombstone(Tariff, key={"id": event.id}, version=envelope.version)


HANDLERS: Handlers = {
    DeviceCreated: on_device_changed,
    DeviceUpdated: on_device_changed,
    DeviceAssigned: on_device_changed,
    DeviceUnassigned: on_device_changed,
    DeviceDeleted: on_device_deleted,
    PlantCreated: on_plant_changed,
    PlantUpdated: on_plant_changed,
    PlantDeleted: on_plant_deleted,
    TariffCreated: on_tariff_changed,
    TariffUpdated: on_tariff_changed,
    TariffDeleted: on_tariff_deleted,
}
