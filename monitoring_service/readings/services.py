"""Every write of readings, whatever the way in: one transaction stores the rows, their hours and what live viewers are told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db import IntegrityError, connection, transaction

from monitoring_service.devices.models import Device
from monitoring_service.hours.aggregation import recompute_hours
from monitoring_service.hours.energy import HOUR, Floats, Ints, Kind, Meter, reach
from monitoring_service.hours.rows import array
from monitoring_service.hours.storing import ChangedHours
from monitoring_service.live.announce import announce_hours
from monitoring_service.readings.checks import to_us
from monitoring_service.readings.decoding import Readings, Refusal, decode
from monitoring_service.readings.models import HeldReading
from monitoring_service.readings.mqtt import Speaker
from monitoring_service.readings.partitions import ensure_months
from monitoring_service.readings.review_list import hold_for_review
from monitoring_service.readings.storing import lock_and_note_last, write, write_metrics
from service_kit.consumer import TRIES_IN_PROCESS, sqlstate

HELD_PER_DEVICE = 1_000
_NO_PARTITION = "23514"  # the month was dropped between our look and our writing
_HELD_LOCK = 0x48454C44
_KINDS = {"interval_kwh": Kind.INTERVAL_KWH, "power_w": Kind.POWER_W, "register_kwh": Kind.REGISTER_KWH}
_READINGS = "readings_reading"
_METRICS = "readings_metricreading"


@dataclass
class Stored:
    """What became of some readings. `held` are of unknown devices; `refusals` include those that decoding made."""

    accepted: int = 0
    duplicates: int = 0
    held: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    changed: list[ChangedHours] = field(default_factory=list)


@dataclass(frozen=True)
class Known:
    """A device as the arithmetic and the checks of its readings see it."""

    meter: Meter
    reading: str
    kind: str
    deleted: bool


class _DeviceChanged(Exception):
    """While the batch was on its way in a device was changed, or a month dropped: look again."""


def store_readings(*, readings: Readings) -> Stored:
    """Store decoded readings and bring the hours they touch up to date, in one transaction.

    The order of the locks (held list, months, devices by id) is the same for every writer, so that none can wait in a circle.
    """
    without_month = 0
    while True:
        try:
            with transaction.atomic():
                return _store(readings)
        except _DeviceChanged:
            continue
        except IntegrityError as error:
            without_month += 1
            if sqlstate(error) != _NO_PARTITION or without_month == TRIES_IN_PROCESS:
                raise


def _store(readings: Readings) -> Stored:
    result = Stored(refusals=list(readings.refusals))
    known = known_devices(readings.devices)
    unknown = [device for device in readings.devices if device not in known]
    if unknown:
        with connection.cursor() as cursor:
            # Shared: against `take_in_held`, so that a device cannot arrive between this look and the holding.
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_HELD_LOCK])
        known |= known_devices(unknown)
    rows = _accepted_rows(readings, known, result)
    metrics = [m for m in readings.metrics if (k := known.get(m.device_id)) is not None and not k.deleted]
    if not len(rows) and not metrics:
        return result
    meters = [known[d].meter if d in known else Meter(Kind.INTERVAL_KWH, 600_000_000) for d in readings.devices]
    device, at, value, revision = _sorted_columns(readings, rows)
    ensure_months(_months(at), table=_READINGS)
    if metrics:
        ensure_months(_months(np.array([m.at_us for m in metrics], dtype=np.int64)), table=_METRICS)
    if len(at):
        newest = lock_and_note_last(readings.devices, device, at, value)
        written = write(readings.devices, device, at, value, revision, newest)
        # Having written, we hold the table against the dropping of months, and the devices against their own changes.
        if known_devices(readings.devices) != known:
            raise _DeviceChanged
        result.accepted += written
        result.duplicates += len(at) - written
        result.changed = recompute_hours(device_ids=readings.devices, meters=meters, device=device, at=at)
        announce_hours(result.changed)
    if metrics:
        stored = write_metrics(metrics)
        result.accepted += stored
        result.duplicates += len(metrics) - stored
    return result


def known_devices(ids: Iterable[str]) -> dict[str, Known]:
    """What storing must know of these devices; those that are not known here are left out."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT d.id::text, d.kind, d.reading, d.interval_seconds, d.rated_power_w, d.register_max,
                      d.deleted_at IS NOT NULL, coalesce((extract(epoch FROM c.at) * 1000000)::bigint, 0)
               FROM devices_device d LEFT JOIN readings_cutoff c ON c.device_id = d.id WHERE d.id = ANY(%s::uuid[])""",
            [array(ids)],
        )
        return {row[0]: _known(*row[1:]) for row in cursor.fetchall()}


# The same row gives the same object: a batch looks at its devices twice, and devices hardly ever change.
@lru_cache(maxsize=65_536)
def _known(
    kind: str,
    reading: str,
    interval_seconds: int,
    rated_power_w: float | None,
    register_max: float | None,
    deleted: bool,
    frozen_until_us: int,
) -> Known:
    meter = Meter(
        _KINDS[reading],
        interval_seconds * 1_000_000,
        rated_power_w,
        register_max,
        signed=kind == "grid_import",
        frozen_until_us=frozen_until_us,
    )
    return Known(meter, reading, kind, deleted)


def speakers(ids: Iterable[str]) -> dict[str, Speaker]:
    """Those of these devices, by the id in their topic, that are known."""
    valid = [each for each in ids if _is_uuid(each)]
    if not valid:
        return {}
    found = Device.live.filter(pk__in=valid).values_list("id", "kind", "reading", "credential_revoked")
    return {str(row[0]): Speaker(str(row[0]), *row[1:]) for row in found}


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _accepted_rows(readings: Readings, known: dict[str, Known], result: Stored) -> Ints:
    """The rows to store; those of unknown devices are held, those that their device cannot have sent are refused."""
    n = len(readings.at_us)
    devices = readings.devices
    ok = np.ones(n, dtype=bool)
    device = np.array(readings.device, dtype=np.int64)
    value = np.array(readings.value, dtype=np.float64)
    is_power = np.array(readings.is_power, dtype=bool)
    for position, identity in enumerate(devices):
        found = known.get(identity)
        if found is None:
            mine = np.flatnonzero(device == position)
            ok[mine] = False
            waiting = [(readings.as_json(row), readings.index[row]) for row in mine.tolist()]
            _hold(identity, waiting + _metrics_of(identity, readings), result)
        elif found.deleted:
            mine = np.flatnonzero(device == position)
            ok[mine] = False
            reason = f"device {identity} was deleted"
            for row in mine.tolist():
                result.refusals.append(Refusal(readings.as_json(row), reason, readings.index[row]))
            result.refusals += [Refusal(body, reason, index) for body, index in _metrics_of(identity, readings)]
    may_be_negative = np.array(
        [(k := known.get(d)) is not None and k.reading == "power_w" and k.meter.signed for d in devices], dtype=bool
    )
    takes_power = np.array([(k := known.get(d)) is not None and k.reading == "power_w" for d in devices], dtype=bool)
    if n:
        wrong = ok & (((value < 0) & ~may_be_negative[device]) | (is_power & ~takes_power[device]))
        for row in np.flatnonzero(wrong).tolist():
            about = known[devices[readings.device[row]]]
            if is_power[row] and about.reading != "power_w":
                reason = f"power sent for a device whose reading is {about.reading}: send measurement_value in kWh"
            elif about.reading == "power_w":
                reason = (
                    f"power {value[row]:g} W is negative, which only a grid_import device may send (this: {about.kind})"
                )
            else:
                reason = f"{about.reading} {value[row]:g} is negative"
            result.refusals.append(Refusal(readings.as_json(row), reason, readings.index[row]))
        ok &= ~wrong
        frozen = np.array([known[d].meter.frozen_until_us if d in known else 0 for d in devices], dtype=np.int64)
        if frozen.any():
            reaches = np.array([reach(known[d].meter)[0] if d in known else 0 for d in devices], dtype=np.int64)
            at = np.array(readings.at_us, dtype=np.int64)
            touched = (at - np.maximum(reaches, 1)[device]) // HOUR * HOUR
            late = ok & (touched < frozen[device])
            held, again = hold_for_review(readings, np.flatnonzero(late))
            result.held += held
            result.accepted += held
            result.duplicates += again
            ok &= ~late
    return np.flatnonzero(ok)


def _metrics_of(device_id: str, readings: Readings) -> list[tuple[bytes, int]]:
    return [(m.as_json(), m.place) for m in readings.metrics if m.device_id == device_id]


def _hold(device_id: str, waiting: list[tuple[bytes, int]], result: Stored) -> None:
    """Keep bodies (each with its place in its list) for a device that is not known yet."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO readings_heldreading (device_id, body, received_at)
               SELECT %s, i.body, now()
               FROM unnest(%s::bytea[]) WITH ORDINALITY AS i (body, n)
               WHERE i.n <= %s - (SELECT count(*) FROM readings_heldreading WHERE device_id = %s)""",
            [device_id, [body for body, _ in waiting], HELD_PER_DEVICE, device_id],
        )
        held = cursor.rowcount
    result.held += held
    result.accepted += held
    for body, index in waiting[held:]:
        reason = f"device {device_id} is not known, and {HELD_PER_DEVICE:,} of its readings are held already"
        result.refusals.append(Refusal(body, reason, index))


def _sorted_columns(readings: Readings, rows: Ints) -> tuple[Ints, Ints, Floats, Ints]:
    """Sorted by (device id, instant), in order of arrival within: two writers take their locks in one order."""
    rank = np.empty(len(readings.devices), dtype=np.int64)
    rank[sorted(range(len(readings.devices)), key=readings.devices.__getitem__)] = np.arange(len(readings.devices))
    device = np.array(readings.device, dtype=np.int64)[rows]
    at = np.array(readings.at_us, dtype=np.int64)[rows]
    order = np.lexsort((at, rank[device]))
    value = np.array(readings.value, dtype=np.float64)[rows][order]
    revision = np.array(readings.revision, dtype=np.int64)[rows][order]
    return device[order], at[order], value, revision


def _months(at: Ints) -> list[tuple[int, int]]:
    months = np.unique((at // 1_000_000).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64))
    return [(1970 + month // 12, month % 12 + 1) for month in months.tolist()]


def take_in_held(*, device_id: UUID) -> Stored | None:
    """Store what was held for a device that has just become known, in the running transaction; None when nothing was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_HELD_LOCK])
    held = list(HeldReading.objects.filter(device_id=device_id, refusal=None).order_by("id"))
    if not held:
        return None
    readings = Readings()
    for row in held:
        decode(bytes(row.body), readings, now_us=to_us(row.received_at))
    HeldReading.objects.filter(pk__in=[row.pk for row in held]).delete()
    stored = store_readings(readings=readings)
    # Now that the device is known some of them may be none of its readings: `return_refused` carries them away.
    HeldReading.objects.bulk_create(
        HeldReading(device_id=device_id, body=refusal.body, refusal=refusal.reason) for refusal in stored.refusals
    )
    return stored
