"""Which devices a question is about: some by id, a plant's, or all; of those only what the caller may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from rest_framework.exceptions import NotFound

from monitoring_service.devices.models import Plant
from monitoring_service.hours.calendar import zone_of
from monitoring_service.hours.rows import array
from service_kit.auth import Caller
from service_kit.events import Kind

KINDS: tuple[Kind, ...] = get_args(Kind)
# A meter below a meter below a meter ...: a loop in the data ends here.
_LEVELS = 16


@dataclass(frozen=True)
class Chosen:
    """A device as far as questions about its energy need it.

    `zone` is its plant's, None without plant; `changes` counts what happened to its energy, None before anything did.
    """

    id: UUID
    version: int
    name: str
    kind: Kind
    interval_seconds: int
    plant_id: UUID | None
    parent_id: UUID | None
    zone: str | None
    changes: int | None

    @property
    def state(self) -> tuple[UUID, int, str | None, int | None]:
        """Is another when anything that an answer about the device's energy rests on has changed."""
        return self.id, self.version, self.zone, self.changes


def choose(caller: Caller, *, device_ids: Iterable[UUID] | None = None, plant_id: UUID | None = None) -> list[Chosen]:
    """The devices of these ids in their order, or a plant's, or (with neither) all that the caller may see, by name.

    Raises NotFound for a device or a plant that does not exist or is not the caller's to see.
    """
    if device_ids is not None:
        wanted = list(dict.fromkeys(device_ids))
        found = {device.id: device for device in _read(caller, "d.id = ANY(%s::uuid[])", array(wanted))}
        for device_id in wanted:
            if device_id not in found:
                raise NotFound(f"There is no device {device_id} that you may see.")
        return [found[device_id] for device_id in wanted]
    if plant_id is None:
        return _read(caller, "true")
    of_plant = _read(caller, "d.plant_id = %s", plant_id)
    if not of_plant and not (caller.is_admin and Plant.live.filter(pk=plant_id).exists()):
        raise NotFound(f"There is no plant {plant_id} with a device that you may see.")
    return of_plant


def _read(caller: Caller, condition: str, *parameters: object) -> list[Chosen]:
    """What `visible_devices` lets the caller see, by name. Plain SQL: every answer begins here, and as a queryset this would
    take longer to put together than the day's hours to answer."""
    seen = "true"
    if not caller.is_admin:
        seen = "EXISTS (SELECT FROM devices_assignment a WHERE a.device_id = d.id AND a.user_id = %s)"
        parameters = (*parameters, caller.id)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT d.id, d.version, d.name, d.kind, d.interval_seconds, d.plant_id, d.parent_id, p.timezone, l.changes
                FROM devices_device d
                LEFT JOIN devices_plant p ON p.id = d.plant_id AND p.deleted_at IS NULL
                LEFT JOIN readings_lastreading l ON l.device_id = d.id
                WHERE d.deleted_at IS NULL AND {condition} AND {seen} ORDER BY d.name, d.id""",
            parameters,
        )
        return [Chosen(*row) for row in cursor.fetchall()]


def common_zone(devices: Iterable[Chosen]) -> ZoneInfo:
    """The zone that the devices' plants have in common, else the system's default."""
    names = {device.zone or settings.DEFAULT_TIMEZONE for device in devices}
    return zone_of(names.pop() if len(names) == 1 else settings.DEFAULT_TIMEZONE)


def counted_by_kind(
    devices: Sequence[Chosen], above: Mapping[UUID, set[UUID]] | None = None
) -> dict[Kind, list[Chosen]]:
    """The devices by kind, without sub-meters whose energy a meter above them among these has counted already.

    `above` is what `meters_above` gives; without it that is looked up.
    """
    above = meters_above(devices) if above is None else above
    ids = {kind: {device.id for device in devices if device.kind == kind} for kind in KINDS}
    counted = {
        kind: [d for d in devices if d.kind == kind and not above.get(d.id, set()) & ids[kind]] for kind in KINDS
    }
    return {kind: of_kind for kind, of_kind in counted.items() if of_kind}


def meters_above(devices: Sequence[Chosen]) -> dict[UUID, set[UUID]]:
    """The meters above each device, as far up as there are any."""
    below = [device.id for device in devices if device.parent_id is not None]
    if not below or len(devices) == 1:
        return {}
    found: dict[UUID, set[UUID]] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH RECURSIVE up (id, above, level) AS (
                   SELECT id, parent_id, 1 FROM devices_device WHERE id = ANY(%s::uuid[])
                   UNION ALL
                   SELECT up.id, d.parent_id, up.level + 1 FROM up JOIN devices_device d ON d.id = up.above
                   WHERE d.parent_id IS NOT NULL AND d.deleted_at IS NULL AND up.level < %s)
               SELECT id, above FROM up""",
            [array(below), _LEVELS],
        )
        for device_id, above in cursor.fetchall():
            found.setdefault(device_id, set()).add(above)
    return found
