"""Scopes: what somebody wants forecast, which devices that is, and whether the caller may see it."""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from forecast_service.devices.models import Plant
from forecast_service.devices.queries import in_force, place_of
from forecast_service.forecasters.base import NothingToForecastFrom, Place
from forecast_service.forecasts.meters import Meter, meters_named, meters_of_plants, meters_of_user
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
class Population:
    """The devices of one kind whose hours are summed, up to `until`; `left_out` names the others with the reason.

    place is whose habits it follows, clock the zone of its days. leading: whether this kind is the one that speaks for the scope when none is asked for.
    """

    scope: str
    kind: str
    members: tuple[Meter, ...]
    left_out: list[dict[str, str]]
    until: datetime
    place: Place
    clock: str
    leading: bool

    @property
    def basis(self) -> str:
        state = [f"{one.id}:{one.revision}" for one in self.members]
        place = [repr(self.place), f"weather:{self.members[0].weather}" if self.plant else ""]
        return hashlib.sha256(
            " ".join([self.kind, *place, self.until.isoformat(), *sorted(state)]).encode()
        ).hexdigest()

    @property
    def plant(self) -> uuid.UUID | None:
        """Whose weather it follows: where all of its meters stand. None for production: the sun does not follow the warmth."""
        plants = {meter.plant_id for meter in self.members}
        return plants.pop() if len(plants) == 1 and self.kind != "production" else None


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


def meters_of(scope: Scope, caller: Caller | None) -> list[Meter]:
    """The devices of the scope; `caller` None is this service itself. Raises UnknownScope."""
    subject, seen_by = scope.ids[0], None if caller is None or caller.is_admin else caller.id
    if scope.what == "devices":
        found = meters_named(scope.ids, seen_by=seen_by)
        if len(found) < len(scope.ids):
            raise UnknownScope
        return found
    if scope.what == "plant":
        found = meters_of_plants([subject])
        # The total of a plant tells of each of its meters, so it takes the right to see them all.
        if seen_by and not 0 < len(found) == len(meters_of_plants([subject], seen_by=seen_by)):
            raise UnknownScope
        if not found and not Plant.live.filter(pk=subject).exists():
            raise UnknownScope
        return found
    if seen_by and seen_by != subject:
        raise UnknownScope
    found = meters_of_user(subject)
    if not found and (caller is None or caller.id != subject) and not User.live.filter(pk=subject).exists():
        raise UnknownScope
    return found


def populate(scope: Scope, *, caller: Caller | None, kind: str | None = None) -> Population:
    """The meters whose sum the scope is. Consumption and production are apart: without `kind`, consumption where there is any.

    Raises UnknownScope (also for what the caller may not see) and NothingToForecastFrom.
    """
    return _population(scope, kind, meters_of(scope, caller))


def populate_each(wanted: Collection[tuple[Scope, str]]) -> dict[tuple[Scope, str], Population | Refusal]:
    """`populate` of many scopes with a kind each, by this service itself, in three queries; a refusal takes its place."""
    members = _meters_of_each({scope for scope, _ in wanted})
    found: dict[tuple[Scope, str], Population | Refusal] = {}
    for scope, kind in wanted:
        try:
            if not members[scope]:
                raise UnknownScope
            found[scope, kind] = _population(scope, kind, members[scope])
        except (UnknownScope, NothingToForecastFrom) as refusal:
            found[scope, kind] = refusal
    return found


def _meters_of_each(scopes: Iterable[Scope]) -> dict[Scope, list[Meter]]:
    """The devices of each scope; none of a list from which one has gone."""
    wanted: dict[str, set[uuid.UUID]] = {"devices": set(), "plant": set(), "user": set()}
    found: dict[Scope, list[Meter]] = {scope: [] for scope in scopes}
    for scope in found:
        wanted[scope.what].update(scope.ids)
    assigned = in_force().filter(user_id__in=wanted["user"]).values_list("user_id", "device_id").distinct()
    devices_of_user: dict[uuid.UUID, list[uuid.UUID]] = defaultdict(list)
    for user_id, device_id in assigned:
        devices_of_user[user_id].append(device_id)
    of_plant: dict[uuid.UUID | None, list[Meter]] = defaultdict(list)
    for meter in meters_of_plants(list(wanted["plant"])):
        of_plant[meter.plant_id].append(meter)
    named = wanted["devices"].union(*devices_of_user.values())
    by_id = {meter.id: meter for meter in meters_named(list(named))}
    for scope, meters in found.items():
        if scope.what == "plant":
            meters += of_plant[scope.ids[0]]
        else:
            ids = scope.ids if scope.what == "devices" else devices_of_user[scope.ids[0]]
            here = [by_id[one] for one in ids if one in by_id]
            meters += here if scope.what == "user" or len(here) == len(ids) else []
    return found


def _population(scope: Scope, kind: str | None, meters: Sequence[Meter]) -> Population:
    kinds = {meter.kind for meter in meters}
    leading = next((one for one in KINDS if one in kinds), None)
    if leading is None:
        raise NothingToForecastFrom(f"{scope} has no device. Assign one, or choose another scope.")
    kind = kind or leading
    if kind not in kinds:
        raise NothingToForecastFrom(f"{scope} has no {kind} device; it has {', '.join(sorted(kinds))}.")
    chosen, left_out = _without_sub_meters([meter for meter in meters if meter.kind == kind])
    newest = max((meter.until for meter in chosen if meter.until), default=None)
    if newest is None:
        raise NothingToForecastFrom("No complete hour has arrived yet; a forecast needs at least 24.")
    members: list[Meter] = []
    until = newest
    for meter in chosen:
        if meter.until is None:
            left_out.append({"device_id": str(meter.id), "reason": "no complete hour has arrived yet"})
        elif meter.until < newest - SILENT_AFTER:
            reason = f"silent since {meter.until.isoformat().replace('+00:00', 'Z')}"
            left_out.append({"device_id": str(meter.id), "reason": reason})
        else:
            members.append(meter)
            until = min(until, meter.until)
    here = place_of((meter.zone, meter.country) for meter in members)
    # The sun keeps neither summer time nor holidays.
    place = Place() if kind == "production" else here
    return Population(str(scope), kind, tuple(members), left_out, until, place, here.zone, kind == leading)


def _without_sub_meters(meters: Sequence[Meter]) -> tuple[list[Meter], list[dict[str, str]]]:
    """A sub-meter's energy is in that of the meter above it, so together they would count it twice."""
    ids = {meter.id for meter in meters}
    kept: list[Meter] = []
    left_out: list[dict[str, str]] = []
    for meter in sorted(meters, key=lambda one: one.id):
        if meter.parent_id in ids:
            reason = f"sub-meter of {meter.parent_id}, which counts it already"
            left_out.append({"device_id": str(meter.id), "reason": reason})
        else:
            kept.append(meter)
    return kept, left_out
