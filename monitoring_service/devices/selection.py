"""Which devices a question is about: some by id, a plant's, or all; of those only what the caller may see."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
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
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EVER = (-(2**62), 2**62)


@dataclass(frozen=True)
class Chosen:
    """A device as far as questions about its energy need it.

    `zone` is its plant's, None without plant; `changes` counts what happened to its energy and `old_changes` what
    happened to that of long ago, None before anything did; `periods`
    (microseconds since 1970, apart and ascending) are when whoever chose it may see it. `outward`: what the meter sent out is meant,
    not what it took in.
    """

    id: UUID
    version: int
    name: str
    kind: Kind
    reading: str
    interval_seconds: int
    plant_id: UUID | None
    parent_id: UUID | None
    zone: str | None
    changes: int | None
    old_changes: int | None
    periods: tuple[tuple[int, int], ...]
    outward: bool = False

    def __hash__(self) -> int:
        return (
            self.id.int
        )  # of all fields the one that tells devices apart: hashing them all takes longer than adding up

    @property
    def is_two_way(self) -> bool:
        """Whether its power below zero is kept apart, as what was sent out."""
        return self.kind == "grid_import" and self.reading == "power_w"

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


def _read(caller: Caller, condition: str, *parameters: str | UUID) -> list[Chosen]:
    """What `visible_devices` lets the caller see, by name. Plain SQL: every answer begins here, and as a queryset this would
    take longer to put together than the day's hours to answer."""
    periods, mine, once = "NULL, NULL", "", ""
    if not caller.is_admin:
        periods = "array_agg(a.since), array_agg(a.until)"
        mine = "JOIN devices_assignment a ON a.device_id = d.id AND a.user_id = %s"
        once = "GROUP BY d.id, p.id, l.device_id"
        parameters = (caller.id, *parameters)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT d.id, d.version, d.name, d.kind, d.reading, d.interval_seconds, d.plant_id, d.parent_id, p.timezone,
                       l.changes, l.old_changes, {periods}
                FROM devices_device d {mine}
                LEFT JOIN devices_plant p ON p.id = d.plant_id AND p.deleted_at IS NULL
                LEFT JOIN readings_lastreading l ON l.device_id = d.id
                WHERE d.deleted_at IS NULL AND {condition} {once} ORDER BY d.name, d.id""",
            parameters,
        )
        return [
            Chosen(*[*device, (EVER,) if caller.is_admin else merged(zip(since, until, strict=True))])
            for *device, since, until in cursor.fetchall()
        ]


def merged(periods: Iterable[tuple[datetime | None, datetime | None]]) -> tuple[tuple[int, int], ...]:
    """The periods in microseconds since 1970, those that overlap or touch as one, so that nothing is counted twice; None is open."""
    found: list[tuple[int, int]] = []
    for since, until in sorted((us_or(EVER[0], since), us_or(EVER[1], until)) for since, until in periods):
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        elif since < until:
            found.append((since, until))
    return tuple(found)


def us_or(if_open: int, at: datetime | None) -> int:
    """Microseconds since 1970; of None what is given for it."""
    return if_open if at is None else (at - _EPOCH) // timedelta(microseconds=1)


def common_zone(devices: Iterable[Chosen]) -> ZoneInfo:
    """The zone that the devices' plants have in common, else the system's default."""
    names = {device.zone or settings.DEFAULT_TIMEZONE for device in devices}
    return zone_of(names.pop() if len(names) == 1 else settings.DEFAULT_TIMEZONE)


def counted_by_kind(
    devices: Sequence[Chosen], above: Mapping[UUID, set[UUID]] | None = None
) -> dict[Kind, list[Chosen]]:
    """The devices by kind, without sub-meters whose energy a meter above them among these has counted already.

    A meter of grid import that tells power also tells what is sent out: that is grid export.
    `above` is what `meters_above` gives; without it that is looked up.
    """
    above = meters_above(devices) if above is None else above
    outward = [replace(device, outward=True) for device in devices if device.is_two_way]
    measured = {kind: [d for d in devices if d.kind == kind] for kind in KINDS}
    measured["grid_export"] += outward
    counted = {}
    for kind, of_kind in measured.items():
        ids = {device.id for device in of_kind}
        counted[kind] = [device for device in of_kind if not above.get(device.id, set()) & ids]
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
