"""The copies of device_service's state; each call is made inside the consumer's transaction."""

from collections.abc import Iterable
from datetime import UTC, datetime
from operator import attrgetter
from uuid import UUID

import msgspec

from monitoring_service.devices.models import Assignment, Device, MeterChange, MeterConnection, Plant, Tariff
from monitoring_service.events.services import record_connection_changes
from monitoring_service.live.announce import announce_access
from monitoring_service.readings.mqtt import Connection
from monitoring_service.readings.recompute import request_recompute
from monitoring_service.readings.services import take_in_held
from service_kit.events import DeviceState, PlantState, TariffState
from service_kit.replicas import tombstone, upsert

# Of what a device's energy is computed with, beside its readings.
_ARITHMETIC = ("kind", "reading", "interval_seconds", "rated_power_w", "register_max")


def copy_device(*, state: DeviceState, version: int) -> bool:
    """Keep the device and who may see it; readings that waited for it are stored. Whether this version was news."""
    values = {
        name: getattr(state, name)
        for name in (
            "name", "kind", "reading", "interval_seconds", "max_consumption", "rated_power_w", "register_max",
            "category", "plant_id", "parent_id",
        )
    }  # fmt: skip
    credential = state.credential
    values["credential_digest"] = credential.digest if credential else None
    values["credential_revoked"] = credential is not None and credential.digest is None
    before = Device.live.filter(pk=state.id).first()
    if not upsert(Device, key={"id": state.id}, version=version, values=values):
        return False
    Assignment.objects.filter(device_id=state.id).delete()
    Assignment.objects.bulk_create(
        Assignment(device_id=state.id, user_id=a.user_id, since=a.from_, until=a.to) for a in state.assignments
    )
    changed_since = _copy_meter_changes(state)
    take_in_held(device_id=state.id)
    # After what was held, in the order in which everybody takes these locks.
    if before is not None and any(getattr(before, name) != values[name] for name in _ARITHMETIC):
        request_recompute(device_id=state.id)
    elif changed_since is not None:
        request_recompute(device_id=state.id, since=changed_since)
    announce_access()
    return True


def _copy_meter_changes(state: DeviceState) -> datetime | None:
    """Keep when the meter was replaced; the first instant at which that is news, or None."""
    told = {(c.at, c.final_register, c.first_register) for c in state.meter_changes}
    kept = set(MeterChange.objects.filter(device_id=state.id).values_list("at", "final_register", "first_register"))
    if told == kept:
        return None
    MeterChange.objects.filter(device_id=state.id).delete()
    MeterChange.objects.bulk_create(
        MeterChange(device_id=state.id, at=at, final_register=final, first_register=first) for at, final, first in told
    )
    return min(at for at, _, _ in told ^ kept)


def note_connections(connections: Iterable[Connection]) -> None:
    """Which meters are connected, and since when; of each device the newest word counts."""
    newest = {c.device_id: c for c in sorted(connections, key=lambda c: c.at_us)}
    if newest:
        record_connection_changes(
            {c.device_id: (c.online, datetime.fromtimestamp(c.at_us / 1e6, UTC)) for c in newest.values()}
        )
        MeterConnection.objects.bulk_create(
            [
                MeterConnection(
                    device_id=c.device_id, online=c.online, since=datetime.fromtimestamp(c.at_us / 1e6, UTC)
                )
                for _, c in sorted(newest.items())
            ],
            update_conflicts=True,
            unique_fields=["device_id"],
            update_fields=["online", "since"],
        )


def drop_device(*, device_id: UUID, version: int) -> None:
    """Nobody sees the device any more; its readings and hours stay."""
    if tombstone(Device, key={"id": device_id}, version=version):
        Assignment.objects.filter(device_id=device_id).delete()
        announce_access()


def copy_plant(*, state: PlantState, version: int) -> None:
    values = {name: getattr(state, name) for name in ("name", "timezone", "tariff_id", "co2_g_per_kwh")}
    values["tariff_changes"] = msgspec.to_builtins(sorted(state.tariff_changes, key=attrgetter("at")))
    upsert(Plant, key={"id": state.id}, version=version, values=values)


def copy_tariff(*, state: TariffState, version: int) -> None:
    names = ("name", "currency", "valid_from", "valid_to", "standing_charge_per_day", "feed_in_per_kwh")
    values = {**{name: getattr(state, name) for name in names}, "rates": msgspec.to_builtins(state.rates)}
    upsert(Tariff, key={"id": state.id}, version=version, values=values)
