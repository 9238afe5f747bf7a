"""From the body of a message to columns of readings, by the forms of the contract.

Two ways through the same rules: `msgspec` reads a clean body in one typed pass; a body it refuses is taken apart reading
by reading, so that one bad reading costs itself and not its neighbours, and its reason names the value and the way out.
Nothing here knows what a device is: the checks that need one (sign, kind) belong to `services.store_readings`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from monitoring_service.readings.checks import (
    AHEAD_US,
    EARLIEST_US,
    MAX_ABSOLUTE,
    MAX_REVISION,
    AwareTime,
    Refused,
    checked_number,
    checked_revision,
    checked_stamp,
    rfc3339,
    shown_as_text,
    storable,
)

MAX_BODY_BYTES = 1024 * 1024
MAX_READINGS = 1_000
MAX_METRICS = 64
Revision = Annotated[int, msgspec.Meta(ge=0, le=MAX_REVISION)]


class Metric(NamedTuple):
    """A named value beside the energy, such as a voltage."""

    device_id: str
    name: str
    at_us: int
    value: float
    unit: str
    place: int = 0  # in its list

    def as_json(self) -> bytes:
        """The metric as the message that would have carried it alone."""
        metrics = {self.name: {"value": self.value, "unit": self.unit}}
        return msgspec.json.encode({"timestamp": rfc3339(self.at_us), "device_id": self.device_id, "metrics": metrics})


@dataclass(slots=True, frozen=True)
class Refusal:
    """What was refused (as JSON, or the raw body when it is none), why, and where in its list it stood (None: all of it).

    Of a body that came by MQTT, `topic` and `arrived_us` say what it does not say itself.
    """

    body: bytes
    reason: str
    index: int | None = None
    topic: str = ""
    arrived_us: int = 0


class WireMetric(msgspec.Struct, gc=False):
    value: float
    unit: str = ""


class WireReading(msgspec.Struct, gc=False):
    """Any single form of the contract; what the combination must be is checked after."""

    device_id: str
    timestamp: AwareTime | UnsetType = UNSET
    measurement_value: float | UnsetType = UNSET
    power: float | UnsetType = UNSET
    metrics: dict[str, WireMetric] | UnsetType = UNSET
    readings: list[tuple[AwareTime, float]] | UnsetType = UNSET
    revision: Revision | UnsetType = UNSET


_decode_body = msgspec.json.Decoder(WireReading | list[WireReading]).decode


@dataclass(slots=True)
class Readings:
    """Columns of equal length in order of arrival; `device[i]` is a position in `devices`, which holds ids as text."""

    devices: list[str] = field(default_factory=list)
    device: list[int] = field(default_factory=list)
    at_us: list[int] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    revision: list[int] = field(default_factory=list)
    is_power: list[bool] = field(default_factory=list)
    index: list[int] = field(default_factory=list)
    metrics: list[Metric] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    _positions: dict[str, int] = field(default_factory=dict)
    _by_id: dict[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.at_us) + len(self.metrics)

    def position_of(self, device_id: str) -> int:
        """The position of a device; raises Refused when the text is no UUID."""
        position = self._positions.get(device_id)
        if position is None:
            identity = _canonical(device_id)
            position = self._by_id.setdefault(identity, len(self.devices))
            if position == len(self.devices):
                self.devices.append(identity)
            self._positions[device_id] = position
        return position

    def add(
        self,
        position: int,
        at_us: int,
        value: float,
        revision: int,
        is_power: bool,
        index: int,
    ) -> None:
        self.device.append(position)
        self.at_us.append(at_us)
        self.value.append(value)
        self.revision.append(revision)
        self.is_power.append(is_power)
        self.index.append(index)

    def as_json(self, row: int) -> bytes:
        """One reading as the message that would have carried it alone."""
        return msgspec.json.encode(
            {
                "timestamp": rfc3339(self.at_us[row]),
                "device_id": self.devices[self.device[row]],
                "power" if self.is_power[row] else "measurement_value": self.value[row],
                **({"revision": self.revision[row]} if self.revision[row] else {}),
            }
        )


@lru_cache(maxsize=65_536)
def _canonical(device_id: str) -> str:
    """The one way to write this UUID. Ids stay text on the hot path: objects for them would cost as much as the rest of it."""
    try:
        return str(UUID(device_id))
    except ValueError:
        raise Refused(f"device_id {shown_as_text(device_id)} is not a UUID") from None


def decode(body: bytes, into: Readings, *, now_us: int) -> None:
    """Adds the readings of one message body to `into`; what is wrong goes to `into.refusals`."""
    if len(body) > MAX_BODY_BYTES:
        into.refusals.append(
            Refusal(
                body,
                f"a body of {len(body):,} bytes is over {MAX_BODY_BYTES:,}: send smaller arrays",
            )
        )
        return
    try:
        message = _decode_body(body)
    except msgspec.MsgspecError:
        _decode_one_by_one(body, into, now_us)
        return
    messages = message if type(message) is list else [message]
    if not _count_fits(messages, body, into):
        return
    latest = now_us + AHEAD_US
    for index, wire in enumerate(messages):
        if wire.device_id not in into._positions:
            _note_device(wire.device_id, into)
        # The common case, kept short: it is what half of the time goes into.
        if (
            wire.timestamp is not UNSET
            and wire.measurement_value is not UNSET
            and wire.power is UNSET
            and wire.metrics is UNSET
            and wire.readings is UNSET
        ):
            position = into._positions.get(wire.device_id)
            at_us = round(wire.timestamp.timestamp() * 1e6)
            if position is not None and EARLIEST_US <= at_us <= latest and abs(wire.measurement_value) <= MAX_ABSOLUTE:
                revision = 0 if wire.revision is UNSET else wire.revision
                into.add(position, at_us, wire.measurement_value, revision, False, index)
                continue
        if wire.readings is not UNSET and _add_series(wire, into, latest, index):
            continue
        _add_checked(msgspec.to_builtins(wire, builtin_types=(datetime,)), into, now_us, index)


def _add_series(wire: WireReading, into: Readings, latest: int, index: int) -> bool:
    """Many readings of one device; False, having added none, when there is something to refuse among them."""
    position, pairs = into._positions.get(wire.device_id), wire.readings
    if position is None or pairs is UNSET or not pairs:
        return False
    at = [round(moment.timestamp() * 1e6) for moment, _ in pairs]
    value = [number for _, number in pairs]
    if min(at) < EARLIEST_US or max(at) > latest or max(value) > MAX_ABSOLUTE or min(value) < -MAX_ABSOLUTE:
        return False
    into.device += [position] * len(at)
    into.at_us += at
    into.value += value
    into.revision += [0 if wire.revision is UNSET else wire.revision] * len(at)
    into.is_power += [False] * len(at)
    into.index += [index] * len(at)
    return True


def _note_device(device_id: str, into: Readings) -> None:
    try:
        into.position_of(device_id)
    except Refused:
        return  # the closer look that follows says so, with the reading


def _count_fits(messages: list[Any], body: bytes, into: Readings) -> bool:
    if not messages:
        into.refusals.append(Refusal(body, "an empty list: send at least one reading"))
        return False
    total = 0
    for message in messages:
        inner = message.get("readings") if isinstance(message, dict) else getattr(message, "readings", UNSET)
        total += len(inner) if isinstance(inner, list) else 1
    if total > MAX_READINGS:
        into.refusals.append(
            Refusal(
                body,
                f"{total:,} readings in one message: send at most {MAX_READINGS:,}",
            )
        )
        return False
    return True


def _decode_one_by_one(body: bytes, into: Readings, now_us: int) -> None:
    try:
        # Python's own reader takes NaN and Infinity, which lets the good neighbours of such a value in.
        document = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        into.refusals.append(Refusal(body, f"the body is not UTF-8 (byte {error.start})"))
        return
    except (ValueError, RecursionError) as error:
        into.refusals.append(Refusal(body, f"the body is not JSON: {error}"))
        return
    messages = document if isinstance(document, list) else [document]
    if not _count_fits(messages, body, into):
        return
    for index, message in enumerate(messages):
        _add_checked(message, into, now_us, index)


def _add_checked(message: Any, into: Readings, now_us: int, index: int) -> None:
    """One message of any form, as plain Python: every reading of it is added or refused with its reason."""
    try:
        if not isinstance(message, dict):
            raise Refused(
                f"{shown_as_text(message)} is not a reading: send an object with timestamp, device_id and a value"
            )
        device_id = message.get("device_id")
        if not isinstance(device_id, str):
            raise Refused(f"device_id {shown_as_text(device_id)} is not a UUID")
        position = into.position_of(device_id)
        revision = checked_revision(message.get("revision"))
    except Refused as error:
        into.refusals.append(Refusal(_encode(message), str(error), index))
        return
    if "readings" in message:
        for single in _split(message, into, index):
            _add_single(single, position, revision, into, now_us, index)
    else:
        _add_single(message, position, revision, into, now_us, index)


def _split(message: dict[str, Any], into: Readings, index: int) -> Iterator[dict[str, Any]]:
    pairs = message["readings"]
    if not isinstance(pairs, list) or not pairs:
        into.refusals.append(Refusal(_encode(message), "readings must be a list of [timestamp, value]", index))
        return
    head: dict[str, Any] = {key: message[key] for key in ("device_id", "revision") if key in message}
    for pair in pairs:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            reason = f"{shown_as_text(pair)} is not a pair [timestamp, value]"
            into.refusals.append(Refusal(_encode({**head, "readings": [pair]}), reason, index))
            continue
        yield {**head, "timestamp": pair[0], "measurement_value": pair[1]}


def _add_single(
    message: dict[str, Any],
    position: int,
    revision: int,
    into: Readings,
    now_us: int,
    index: int,
) -> None:
    try:
        at_us = checked_stamp(message.get("timestamp"), now_us)
        named = [key for key in ("measurement_value", "power") if key in message]
        if len(named) == 2:
            raise Refused("measurement_value and power in one reading: send one of them")
        if not named and "metrics" not in message:
            raise Refused("no value: send measurement_value, power or metrics")
        value = checked_number(message[named[0]], named[0]) if named else None
        metrics = _metrics(message["metrics"], into.devices[position], at_us, index) if "metrics" in message else []
    except Refused as error:
        into.refusals.append(Refusal(_encode(message), str(error), index))
        return
    if value is not None:
        into.add(position, at_us, value, revision, named == ["power"], index)
    into.metrics.extend(metrics)


def _metrics(metrics: Any, device_id: str, at_us: int, index: int) -> list[Metric]:
    if not isinstance(metrics, dict) or not metrics:
        raise Refused(f'metrics {shown_as_text(metrics)} is not an object such as {{"voltage": {{"value": 231.4}}}}')
    if len(metrics) > MAX_METRICS:
        raise Refused(f"{len(metrics)} metrics in one reading: send at most {MAX_METRICS}")
    found = []
    for name, metric in metrics.items():
        if not name or len(name) > 64 or not storable(name):
            raise Refused(f"metric name {shown_as_text(name)}: use 1 to 64 characters")
        if not isinstance(metric, dict) or "value" not in metric:
            raise Refused(f"metric {shown_as_text(name)} has no value")
        unit = metric.get("unit", "")
        if not isinstance(unit, str) or len(unit) > 32 or not storable(unit):
            raise Refused(
                f"unit {shown_as_text(unit)} of metric {shown_as_text(name)} is not text of at most 32 characters"
            )
        found.append(Metric(device_id, name, at_us, checked_number(metric["value"], f"metric {name}"), unit, index))
    return found


def _encode(message: Any) -> bytes:
    return json.dumps(message, default=lambda value: value.isoformat().replace("+00:00", "Z")).encode()
