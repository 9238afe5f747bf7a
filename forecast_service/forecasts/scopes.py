"""Scopes: what somebody wants forecast, which devices that is, and whether the caller may see it."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from forecast_service.devices.models import Device, Plant
from forecast_service.devices.queries import (
    devices_of_user,
    devices_visible_to,
    in_force,
    place_of,
    plants_of,
)
from forecast_service.forecasters.base import NothingToForecastFrom, Place
from forecast_service.hours.models import Series
from forecast_service.hours.queries import series_of
from forecast_service.people.models import User
from service_kit.auth import Caller

KINDS = ("consumption", "production", "grid_import", "grid_export")
MOST_DEVICES = 200
# A member that is this much behind the newest one does not hold up the others.
SILENT_AFTER = timedelta(hours=24)


class BadScope(ValueError):
    """The scope cannot be read; the message quotes it."""


class UnknownScope(LookupError):
    """There is no such scope, or the caller may not see it: the same answer for both."""


Refusal = UnknownScope | NothingToForecastFrom


@dataclass(frozen=True, slots=True)
class Scope:
    """`ids` are those of the devices, of the plant or of the user."""

    what: Literal["devices", "plant", "user"]
    ids: tuple[uuid.UUID, ...]

    def __str__(self) -> str:
        if self.what == "devices":
            return ",".join(f"device_{one}" for one in self.ids)
        return f"plant_{self.ids[0]}" if self.what == "plant" else f"user_{self.ids[0]}_all"


@dataclass(frozen=True, slots=True)
class Member:
    device: Device
    series: Series


@dataclass(frozen=True, slots=True)
class Population:
    """The devices of one kind whose hours are summed, up to `until`; `left_out` names the others with the reason.

    place is whose habits it follows, clock the zone of its days. leading: whether this kind is the one that speaks for the scope when none is asked for.
    """

    scope: str
    kind: str
    members: tuple[Member, ...]
    left_out: list[dict[str, str]]
    until: datetime
    place: Place
    clock: str
    leading: bool

    @property
    def basis(self) -> str:
        state = [f"{one.device.pk}:{one.series.revision}" for one in self.members]
        return hashlib.sha256(
            " ".join([self.kind, repr(self.place), self.until.isoformat(), *sorted(state)]).encode()
        ).hexdigest()


def parse_scope(text: str) -> Scope:
    """`device_<uuid>`, several of them joined by commas, `plant_<uuid>` or `user_<uuid>_all`. Raises BadScope."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if parts and all(part.startswith("device_") for part in parts):
        return devices_scope(part.removeprefix("device_") for part in parts)
    if text.startswith("plant_"):
        return Scope("plant", (_uuid(text.removeprefix("plant_")),))
    if text.startswith("user_") and text.endswith("_all"):
        return Scope("user", (_uuid(text.removeprefix("user_").removesuffix("_all")),))
    raise BadScope(
        f"{text!r} is no scope. Give device_<uuid>, plant_<uuid> or user_<uuid>_all, or device_ids=<uuid>,<uuid>."
    )


def devices_scope(texts: Iterable[str]) -> Scope:
    # Sorted, so that the same devices are the same scope in whatever order they are named.
    ids = tuple(sorted({_uuid(text.strip()) for text in texts if text.strip()}))
    if not ids:
        raise BadScope("No device is named. Give device_ids=<uuid>,<uuid>.")
    if len(ids) > MOST_DEVICES:
        raise BadScope(
            f"{len(ids)} devices are more than {MOST_DEVICES}. Ask for a plant_<uuid> or user_<uuid>_all scope."
        )
    return Scope("devices", ids)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadScope(f"{text!r} is not a UUID such as 3f2b8c1e-0d4a-4c55-9b1e-7a6f5e4d3c2b.") from None


def devices_of(scope: Scope, caller: Caller | None) -> list[Device]:
    """The devices of the scope; `caller` None is this service itself. Raises UnknownScope."""
    subject = scope.ids[0]
    if scope.what == "devices":
        visible = Device.live.all() if caller is None else devices_visible_to(caller)
        found = list(visible.filter(pk__in=scope.ids))
        if len(found) < len(scope.ids):
            raise UnknownScope
        return found
    if scope.what == "plant":
        found = list(Device.live.filter(plant_id=subject))
        if caller is not None and not caller.is_admin:
            # The total of a plant tells of each of its meters, so it takes the right to see them all.
            seen = devices_visible_to(caller).filter(plant_id=subject).count()
            if not seen or seen < len(found):
                raise UnknownScope
        if not found and not Plant.live.filter(pk=subject).exists():
            raise UnknownScope
        return found
    if caller is not None and not caller.is_admin and caller.id != subject:
        raise UnknownScope
    found = list(devices_of_user(subject))
    if not found and (caller is None or caller.id != subject) and not User.live.filter(pk=subject).exists():
        raise UnknownScope
    return found


def populate(scope: Scope, *, caller: Caller | None, kind: str | None = None) -> Population:
    """The meters whose sum the scope is. Consumption and production are apart: without `kind`, consumption where there is any.

    Raises UnknownScope (also for what the caller may not see) and NothingToForecastFrom.
    """
    devices = devices_of(scope, caller)
    return _population(scope, kind, devices, series_of([one.pk for one in devices]), plants_of(devices))


def populate_each(wanted: Collection[tuple[Scope, str]]) -> dict[tuple[Scope, str], Population | Refusal]:
    """`populate` of many scopes with a kind each, by this service itself, in five queries; a refusal takes its place."""
    members = _devices_of_each({scope for scope, _ in wanted})
    everybody = {device.pk: device for devices in members.values() for device in devices}.values()
    series, plants = series_of([device.pk for device in everybody]), plants_of(everybody)
    found: dict[tuple[Scope, str], Population | Refusal] = {}
    for scope, kind in wanted:
        try:
            if not members[scope]:
                raise UnknownScope
            found[scope, kind] = _population(scope, kind, members[scope], series, plants)
        except (UnknownScope, NothingToForecastFrom) as refusal:
            found[scope, kind] = refusal
    return found


def _devices_of_each(scopes: Iterable[Scope]) -> dict[Scope, list[Device]]:
    """The devices of each scope; none of a list from which one has gone."""
    wanted: dict[str, set[uuid.UUID]] = {"devices": set(), "plant": set(), "user": set()}
    found: dict[Scope, list[Device]] = {scope: [] for scope in scopes}
    for scope in found:
        wanted[scope.what].update(scope.ids)
    assigned = in_force().filter(user_id__in=wanted["user"]).values_list("user_id", "device_id").distinct()
    devices_of_user: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for user_id, device_id in assigned:
        devices_of_user[user_id].append(device_id)
    named = wanted["devices"].union(*devices_of_user.values())
    of_plant: dict[uuid.UUID, list[Device]] = defaultdict(list)
    for device in Device.live.filter(plant_id__in=wanted["plant"]):
        of_plant[device.plant_id].append(device)
    by_id = Device.live.in_bulk(named)
    for scope, devices in found.items():
        if scope.what == "plant":
            devices += of_plant[scope.ids[0]]
        else:
            ids = scope.ids if scope.what == "devices" else devices_of_user[scope.ids[0]]
            here = [by_id[one] for one in ids if one in by_id]
            devices += here if scope.what == "user" or len(here) == len(ids) else []
    return found


def _population(
    scope: Scope,
    kind: str | None,
    devices: Sequence[Device],
    series: Mapping[uuid.UUID, Series],
    plants: Mapping[uuid.UUID, Plant],
) -> Population:
    kinds = {device.kind for device in devices}
    leading = next((one for one in KINDS if one in kinds), None)
    if leading is None:
        raise NothingToForecastFrom(f"{scope} has no device. Assign one, or choose another scope.")
    kind = kind or leading
    if kind not in kinds:
        raise NothingToForecastFrom(f"{scope} has no {kind} device; it has {', '.join(sorted(kinds))}.")
    chosen, left_out = _without_sub_meters([device for device in devices if device.kind == kind])
    ends = [series[device.pk].until for device in chosen if device.pk in series]
    newest = max((end for end in ends if end), default=None)
    if newest is None:
        raise NothingToForecastFrom("No complete hour has arrived yet; a forecast needs at least 24.")
    members: list[Member] = []
    for device in chosen:
        own = series.get(device.pk)
        if own is None or own.until is None:
            left_out.append({"device_id": str(device.pk), "reason": "no complete hour has arrived yet"})
        elif own.until < newest - SILENT_AFTER:
            reason = f"silent since {own.until.isoformat().replace('+00:00', 'Z')}"
            left_out.append({"device_id": str(device.pk), "reason": reason})
        else:
            members.append(Member(device, own))
    until = min(one.series.until for one in members if one.series.until)
    here = place_of((one.device for one in members), plants)
    # The sun keeps neither summer time nor holidays.
    place = Place() if kind == "production" else here
    return Population(str(scope), kind, tuple(members), left_out, until, place, here.zone, kind == leading)


def _without_sub_meters(
    devices: Sequence[Device],
) -> tuple[list[Device], list[dict[str, str]]]:
    """A sub-meter's energy is in that of the meter above it, so together they would count it twice."""
    by_id = {device.pk: device for device in devices}
    kept: list[Device] = []
    left_out: list[dict[str, str]] = []
    for device in sorted(devices, key=lambda one: one.pk):
        if device.parent_id in by_id:
            reason = f"sub-meter of {device.parent_id}, which counts it already"
            left_out.append({"device_id": str(device.pk), "reason": reason})
        else:
            kept.append(device)
    return kept, left_out
