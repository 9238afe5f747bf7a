"""What meters publish by MQTT, as the forms of the contract: the topic says who speaks and in which device's language.

The broker lets a meter publish below its own topic alone, so the id in a routing key (the topic with dots for slashes) is true.
A device that sends a counter and power at once is read by what its `reading` says; the rest becomes named metrics.

Tasmota: https://tasmota.github.io/docs/MQTT/ (FullTopic energy/devices/<id>/%prefix%/). Shelly, second generation and later:
https://shelly-api-docs.shelly.cloud/gen2/ (MQTT prefix energy/devices/<id>).
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from monitoring_service.readings.checks import Refused, rfc3339

EXCHANGE = "amq.topic"
PREFIX = "energy.devices."


class Speaker(NamedTuple):
    """The device of a topic, as far as its messages need it."""

    id: str
    kind: str
    reading: str
    revoked: bool


@dataclass(frozen=True)
class Connection:
    """The meter is reachable, or not any more, since `at_us`."""

    device_id: str
    online: bool
    at_us: int


class Unread(NamedTuple):
    """An entry of a list that is refused while its neighbours stay."""

    entry: Any
    reason: str


Document = dict[str, Any]
# What a message says: readings as contract forms; None when it is nothing of use.
Said = Document | list[Document | Unread] | Connection | None
# Given the body, the speaker and the arrival.
Reader = Callable[[bytes, Speaker, int], Said]


def device_of(routing_key: str) -> str:
    """The id that the topic names."""
    return routing_key.removeprefix(PREFIX).split(".", 1)[0]


def read(routing_key: str, body: bytes, speaker: Speaker, *, arrived_us: int) -> Said:
    """What a message says. Raises Refused when all of it is."""
    if speaker.revoked:
        raise Refused(f"the credential of device {speaker.id} was revoked: issue a new one")
    topic = routing_key.removeprefix(f"{PREFIX}{speaker.id}.")
    reader = READERS.get(topic)
    if reader is None:
        raise Refused(f"topic {topic.replace('.', '/')!r} is none that meters publish to")
    return reader(body, speaker, arrived_us)


def _parsed(body: bytes, what: str) -> Any:
    try:
        return json.loads(body.decode())  # of bytes it would take UTF-16 too, which the other ways in refuse
    except (ValueError, RecursionError):
        raise Refused(f"{what} {body[:80].decode(errors='replace')!r} is not JSON") from None


def _energy(body: bytes, speaker: Speaker, arrived_us: int) -> Document | list[Document | Unread]:
    document = _parsed(body, "energy")
    if isinstance(document, list):
        return [_own_or_unread(each, speaker) for each in document]
    if not isinstance(document, dict):
        if speaker.reading == "interval_kwh":
            raise Refused(
                "a bare number from an interval_kwh meter: a redelivery would count twice, so send timestamp and value"
            )
        document = {"timestamp": rfc3339(arrived_us), "value": document}
    return _own(document, speaker)


def _own_or_unread(entry: Any, speaker: Speaker) -> Document | Unread:
    try:
        return _own(entry, speaker)
    except Refused as error:
        return Unread(entry, str(error))


def _own(document: Any, speaker: Speaker) -> Document:
    if not isinstance(document, dict):
        raise Refused(f"{json.dumps(document)[:80]} is not a reading: send an object with timestamp and value")
    if document.get("device_id", speaker.id) != speaker.id:
        raise Refused(f"device {speaker.id} may not send for device_id {json.dumps(document['device_id'])[:80]}")
    named = {"measurement_value": document["value"]} if "value" in document else {}
    return {**{name: value for name, value in document.items() if name != "value"}, **named, "device_id": speaker.id}


def _status(body: bytes, speaker: Speaker, arrived_us: int) -> Connection:
    words = {"online": True, "true": True, "offline": False, "false": False}
    said = body[:80].decode(errors="replace").strip().strip('"').lower()
    if said not in words:
        raise Refused(f"status {said!r} is neither online nor offline")
    return Connection(speaker.id, words[said], arrived_us)


def _tasmota(body: bytes, speaker: Speaker, arrived_us: int) -> Document | None:
    document = _parsed(body, "the sensors' state")
    energy = document.get("ENERGY") if isinstance(document, dict) else None
    if not isinstance(energy, dict):
        return None  # a device with other sensors
    # Its own Time has no offset, so the arrival counts.
    return _multi(
        speaker,
        arrived_us,
        register_kwh=_sum(energy.get("ExportActive" if speaker.kind == "grid_export" else "Total")),
        power_w=_sum(energy.get("Power")),
        metrics={
            "voltage": (energy.get("Voltage"), "V"),
            "current": (energy.get("Current"), "A"),
            "frequency": (energy.get("Frequency"), "Hz"),
            "power_factor": (energy.get("Factor"), ""),
            "apparent_power": (energy.get("ApparentPower"), "VA"),
            "reactive_power": (energy.get("ReactivePower"), "var"),
        },
    )


def _sum(value: Any) -> Any:
    """A device with several phases sends a list of them."""
    if isinstance(value, list) and value and all(isinstance(phase, int | float) for phase in value):
        return sum(value)
    return value


def _shelly(register: tuple[str, ...], exported: tuple[str, ...], power: str) -> Reader:
    """A component's status: where its counters of drawn and of returned energy (Wh) and its power (W) are."""

    def read_component(body: bytes, speaker: Speaker, arrived_us: int) -> Document | None:
        document = _parsed(body, "the component's status")
        if not isinstance(document, dict):
            raise Refused(f"the component's status {json.dumps(document)[:80]} is not an object")
        path = exported if speaker.kind == "grid_export" else register
        watt_hours: Any = document if path else None
        for name in path:
            watt_hours = watt_hours.get(name) if isinstance(watt_hours, dict) else None
        counted = watt_hours / 1000 if _is_number(watt_hours) else watt_hours
        return _multi(
            speaker,
            arrived_us,
            register_kwh=counted,
            power_w=document.get(power),
            metrics={
                "voltage": (document.get("voltage"), "V"),
                "current": (document.get("current"), "A"),
                "frequency": (document.get("freq"), "Hz"),
                "power_factor": (document.get("pf"), ""),
            },
        )

    return read_component


def _multi(
    speaker: Speaker, arrived_us: int, *, register_kwh: Any, power_w: Any, metrics: Mapping[str, tuple[Any, str]]
) -> Document | None:
    """Counter or power, whichever the device's `reading` is; None when neither that nor a metric was sent."""
    if speaker.reading == "interval_kwh":
        raise Refused(
            f"device {speaker.id} reads interval_kwh, but this meter sends a counter and power: "
            "set its reading to register_kwh or power_w"
        )
    value = register_kwh if speaker.reading == "register_kwh" else power_w
    named = {name: {"value": number, "unit": unit} for name, (number, unit) in metrics.items() if _is_number(number)}
    if value is None and not named:
        return None
    found: Document = {"device_id": speaker.id, "timestamp": rfc3339(arrived_us)}
    if value is not None:
        found["measurement_value"] = value
    if named:
        found["metrics"] = named
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


_plug = _shelly(("aenergy", "total"), ("ret_aenergy", "total"), "apower")
# Topic below energy/devices/<id>/ -> how it is read. The broker leads these, and no others, into the queue.
READERS: dict[str, Reader] = {
    "energy": _energy,
    "status": _status,
    "online": _status,  # Shelly
    "tele.LWT": _status,  # Tasmota
    "tele.SENSOR": _tasmota,
    "status.switch:0": _plug,
    "status.pm1:0": _plug,
    "status.em:0": _shelly((), (), "total_act_power"),
    "status.emdata:0": _shelly(("total_act",), ("total_act_ret",), ""),
    "status.em1:0": _shelly((), (), "act_power"),
    "status.em1data:0": _shelly(("total_act_energy",), ("total_act_ret_energy",), ""),
}
BINDINGS = tuple(f"{PREFIX}*.{topic}" for topic in READERS)
