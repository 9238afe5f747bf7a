"""The copies of devices, their assignments and plants. Called inside the consumer's transaction."""

import uuid

from forecast_service.devices.models import Assignment, Device, Plant
from service_kit.events import DeviceState, PlantState
from service_kit.replicas import tombstone, upsert


def keep_device(*, state: DeviceState, version: int) -> bool:
    """Whether this state was news; the device's version counts for its assignments too."""
    values = {
        "name": state.name,
        "kind": state.kind,
        "plant_id": state.plant_id,
        "parent_id": state.parent_id,
    }
    news = upsert(Device, key={"id": state.id}, version=version, values=values)
    if news:
        Assignment.objects.filter(device_id=state.id).delete()
        Assignment.objects.bulk_create(
            Assignment(device_id=state.id, user_id=one.user_id, since=one.from_, until=one.to)
            for one in state.assignments
        )
    return news


def forget_device(*, device_id: uuid.UUID, version: int) -> bool:
    news = tombstone(Device, key={"id": device_id}, version=version)
    if news:
        Assignment.objects.filter(device_id=device_id).delete()
    return news


def keep_plant(*, state: PlantState, version: int) -> bool:
    values = {"name": state.name, "timezone": state.timezone, "country": state.country}
    return upsert(Plant, key={"id": state.id}, version=version, values=values)
