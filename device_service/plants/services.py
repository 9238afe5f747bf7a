"""Every write of plants and tariffs, each with the event that tells of it."""

import uuid
from collections.abc import Sequence
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import ProtectedError
from rest_framework.exceptions import NotFound

from device_service.constraints import checked_now
from device_service.plants.models import Plant, Tariff, TariffChange
from service_kit import events
from service_kit.errors import Conflict
from service_kit.events import (
    PlantCreated,
    PlantDeleted,
    PlantState,
    PlantUpdated,
    TariffCreated,
    TariffDeleted,
    TariffRate,
    TariffState,
    TariffUpdated,
)
from service_kit.outbox import publish

M = TypeVar("M", Plant, Tariff)


class TariffGone(Conflict):
    """The tariff that the plant names was deleted meanwhile. Choose another."""

    default_detail = __doc__


def _locked(model: type[M], pk: uuid.UUID) -> M:
    row = model._default_manager.select_for_update().filter(pk=pk).first()
    if row is None:
        raise NotFound(f"There is no {model._meta.verbose_name} {pk}.")
    return row


def plant_state(event: type[PlantState], plant: Plant) -> PlantState:
    return event(
        id=plant.pk,
        name=plant.name,
        timezone=plant.timezone,
        country=plant.country,
        latitude=plant.latitude,
        longitude=plant.longitude,
        tariff_id=plant.tariff_id,
        tariff_changes=[
            events.TariffChange(at=change.at, tariff_id=change.tariff_id) for change in plant.tariff_changes.all()
        ],
        co2_g_per_kwh=plant.co2_g_per_kwh,
    )


def publish_plant(event: type[PlantState], plant: Plant) -> None:
    publish(plant_state(event, plant), version=plant.version)


def tariff_state(event: type[TariffState], tariff: Tariff) -> TariffState:
    return event(
        id=tariff.pk,
        name=tariff.name,
        currency=tariff.currency,
        valid_from=tariff.valid_from,
        valid_to=tariff.valid_to,
        standing_charge_per_day=tariff.standing_charge_per_day,
        feed_in_per_kwh=tariff.feed_in_per_kwh,
        rates=[TariffRate(**rate) for rate in tariff.rates],
    )


def publish_tariff(event: type[TariffState], tariff: Tariff) -> None:
    publish(tariff_state(event, tariff), version=tariff.version)


@transaction.atomic
def create_plant(*, tariff_changes: Sequence[dict[str, Any]] = (), **fields: Any) -> Plant:
    with checked_now(TariffGone()):
        plant = Plant.objects.create(**fields)
        _set_tariff_changes(plant, tariff_changes)
    publish_plant(PlantCreated, plant)
    return plant


def _set_tariff_changes(plant: Plant, changes: Sequence[dict[str, Any]]) -> None:
    plant.tariff_changes.all().delete()
    TariffChange.objects.bulk_create(TariffChange(plant=plant, **change) for change in changes)


@transaction.atomic
def update_plant(
    *, plant_id: uuid.UUID, tariff_changes: Sequence[dict[str, Any]] | None = None, **fields: Any
) -> Plant:
    """`tariff_changes`: all of them (`at`, `tariff`); None leaves those that there are."""
    plant = _locked(Plant, plant_id)
    for name, value in fields.items():
        setattr(plant, name, value)
    plant.version += 1
    with checked_now(TariffGone()):
        plant.save()
        if tariff_changes is not None:
            _set_tariff_changes(plant, tariff_changes)
    publish_plant(PlantUpdated, plant)
    return plant


@transaction.atomic
def delete_plant(*, plant_id: uuid.UUID) -> None:
    """Raises Conflict while devices belong to it."""
    plant = _locked(Plant, plant_id)
    plant.version += 1
    try:
        with checked_now(Conflict(f"A device has just been put into plant {plant.name!r}. Try again.")):
            Plant.objects.filter(pk=plant.pk).delete()
    except ProtectedError as error:
        raise Conflict(
            f"{len(error.protected_objects)} device(s) belong to plant {plant.name!r}. "
            "Move them to another plant or delete them first."
        ) from None
    publish(PlantDeleted(id=plant_id), version=plant.version)


@transaction.atomic
def create_tariff(**fields: Any) -> Tariff:
    tariff = Tariff.objects.create(**fields)
    publish_tariff(TariffCreated, tariff)
    return tariff


@transaction.atomic
def update_tariff(*, tariff_id: uuid.UUID, **fields: Any) -> Tariff:
    tariff = _locked(Tariff, tariff_id)
    for name, value in fields.items():
        setattr(tariff, name, value)
    tariff.version += 1
    tariff.save()
    publish_tariff(TariffUpdated, tariff)
    return tariff


@transaction.atomic
def delete_tariff(*, tariff_id: uuid.UUID) -> None:
    """Raises Conflict while plants use it."""
    tariff = _locked(Tariff, tariff_id)
    tariff.version += 1
    try:
        with checked_now(Conflict(f"A plant has just been given tariff {tariff.name!r}. Try again.")):
            Tariff.objects.filter(pk=tariff.pk).delete()
    except ProtectedError as error:
        plants = {row.plant_id if isinstance(row, TariffChange) else row.pk for row in error.protected_objects}
        raise Conflict(f"{len(plants)} plant(s) use tariff {tariff.name!r}. Give them another one first.") from None
    publish(TariffDeleted(id=tariff_id), version=tariff.version)
