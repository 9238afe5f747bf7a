"""`config.json` -> meters. Every mistake is one line with the key, the value and the way out."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from device_simulator.errors import SimulatorError
from device_simulator.meters import KINDS, READINGS, Meter, factors_by_hour


@dataclass(frozen=True, slots=True)
class SimulationConfig:
    """What `config.json` says. `history_days` is how far in the past an accelerated run starts."""

    meters: tuple[Meter, ...]
    time_acceleration: float
    history_days: float


def wrong(key: str, value: object, expected: str) -> SimulatorError:
    return SimulatorError(f"{key}: {json.dumps(value, default=str)} is not {expected}")


def _number(expected: str, accept: Callable[[float], bool]) -> Callable[[str, Any], float]:
    def parse(key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise wrong(key, value, expected)
        if not accept(value):
            raise wrong(key, value, expected)
        return float(value)

    return parse


def _choice(choices: tuple[str, ...]) -> Callable[[str, Any], str]:
    def parse(key: str, value: Any) -> str:
        if value not in choices:
            raise wrong(key, value, f"one of {', '.join(choices)}")
        return str(value)

    return parse


def parse_uuid(key: str, value: Any) -> str:
    try:
        return str(UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise wrong(key, value, 'a device id: a UUID as "GET /api/devices" shows it') from None


def parse_timezone(key: str, value: Any) -> ZoneInfo:
    if not isinstance(value, str) or value not in available_timezones():
        raise wrong(key, value, "a time zone: give an IANA name such as Europe/Berlin or UTC")
    return ZoneInfo(value)


def _interval(key: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 86_400:
        raise wrong(key, value, "a whole number of seconds between 1 and 86400")
    return value


def _text(key: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise wrong(key, value, "a name in quotes")
    return value


def _patterns(key: str, value: Any) -> tuple[float, ...]:
    """`{"0-5": 0.5, ...}`: first and last local hour, both inclusive -> 24 factors."""
    if not isinstance(value, Mapping):
        raise wrong(key, value, 'a table of hours and factors such as {"0-5": 0.5, "6-23": 1.0}')
    day_times = []
    hours: list[int] = []
    for hour_range, factor in value.items():
        first, _, last = hour_range.partition("-")
        last = last or first
        if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) <= 23):
            raise wrong(
                key,
                hour_range,
                'a range of local hours: write "17-21" (0 to 23, both included)',
            )
        day_times.append((int(first), int(last), _not_negative(f'{key}["{hour_range}"]', factor)))
        hours.extend(range(int(first), int(last) + 1))
    if sorted(hours) != list(range(24)):
        missing = sorted(set(range(24)) - set(hours))
        twice = sorted({hour for hour in hours if hours.count(hour) > 1})
        raise SimulatorError(
            f"{key}: every hour from 0 to 23 must be in one range; missing {missing or 'none'}, twice {twice or 'none'}"
        )
    return factors_by_hour(day_times)


_not_negative = _number("a number from 0 upwards", lambda value: value >= 0)

#: Key -> (field of Meter, parser). Each may stand at the top, for all devices, or in one device.
METER_KEYS: dict[str, tuple[str, Callable[[str, Any], Any]]] = {
    "kind": ("kind", _choice(KINDS)),
    "reading": ("reading", _choice(READINGS)),
    "interval_seconds": ("interval_seconds", _interval),
    "base_load_kwh": ("base_load_kwh", _not_negative),
    "noise": (
        "noise",
        _number("a share between 0 and 1 (0.1 is 10%)", lambda value: 0 <= value <= 1),
    ),
    "patterns": ("hour_factors", _patterns),
    "timezone": ("timezone", parse_timezone),
    "peak_power_w": ("peak_power_w", _not_negative),
    "latitude": (
        "latitude",
        _number("degrees between -90 and 90", lambda value: -90 <= value <= 90),
    ),
    "longitude": (
        "longitude",
        _number("degrees between -180 and 180", lambda value: -180 <= value <= 180),
    ),
    "site": ("site", _text),
    "secret": ("secret", _text),
    "seed": (
        "seed",
        lambda key, value: int(_number("a number", lambda _: True)(key, value)),
    ),
}
RUN_KEYS = ("device_id", "devices", "time_acceleration", "history_days")


def load_config(path: Path) -> SimulationConfig:
    """Read and check the file. Raises SimulatorError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SimulatorError(f"{path}: no such file; give the configuration with --config FILE") from None
    except (OSError, UnicodeDecodeError) as error:
        raise SimulatorError(f"{path}: cannot be read ({error})") from None
    except json.JSONDecodeError as error:
        raise SimulatorError(f"{path}: not JSON in line {error.lineno}, column {error.colno}: {error.msg}") from None
    return parse_config(content)


def parse_config(content: Any) -> SimulationConfig:
    """Check the decoded file. Raises SimulatorError."""
    if not isinstance(content, Mapping):
        raise SimulatorError('the configuration must be an object: {"device_id": "...", ...}')
    _refuse_unknown("", content, (*RUN_KEYS, *METER_KEYS))
    shared = _meter_fields("", content)
    meters = tuple(_meter(where, entry, shared) for where, entry in _device_entries(content))
    seen: set[str] = set()
    for meter in meters:
        if meter.device_id in seen:
            raise SimulatorError(f"devices: {meter.device_id} stands there twice; remove one of the two")
        seen.add(meter.device_id)
    _check_sites(meters)
    faster = _number("a number from 1 upwards (1 is real time)", lambda value: value >= 1)
    acceleration = faster("time_acceleration", content.get("time_acceleration", 1))
    # Only an accelerated clock needs a past to run through.
    history_days = content.get("history_days", 1 if acceleration > 1 else 0)
    return SimulationConfig(meters, acceleration, _not_negative("history_days", history_days))


def _device_entries(content: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    if ("device_id" in content) == ("devices" in content):
        raise SimulatorError('give either "device_id" (one meter) or "devices" (a list), and not both')
    if "device_id" in content:
        return [("", {"device_id": content["device_id"]})]
    devices = content["devices"]
    if not isinstance(devices, list) or not devices:
        raise wrong(
            "devices",
            devices,
            'a list of device ids or of objects {"device_id": "...", ...}',
        )
    entries = []
    for index, entry in enumerate(devices):
        if isinstance(entry, Mapping) and "device_id" not in entry:
            raise SimulatorError(f"devices[{index}]: device_id is missing; every device needs one")
        entries.append(
            (
                f"devices[{index}].",
                entry if isinstance(entry, Mapping) else {"device_id": entry},
            )
        )
    return entries


def _meter(where: str, entry: Mapping[str, Any], shared: Mapping[str, Any]) -> Meter:
    _refuse_unknown(where, entry, ("device_id", *METER_KEYS))
    device_id = parse_uuid(f"{where}device_id", entry["device_id"])
    return Meter(**{**shared, **_meter_fields(where, entry), "device_id": device_id})


def _meter_fields(where: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    return {field: parse(f"{where}{key}", entry[key]) for key, (field, parse) in METER_KEYS.items() if key in entry}


def _refuse_unknown(where: str, entry: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in entry:
        if key not in known:
            raise SimulatorError(f"{where}{key}: no such key; known are {', '.join(known)}")


def _check_sites(meters: tuple[Meter, ...]) -> None:
    for grid in (meter for meter in meters if meter.kind.startswith("grid_")):
        others = [meter for meter in meters if meter.site == grid.site]
        if all(meter.kind.startswith("grid_") for meter in others):
            raise SimulatorError(
                f"site: {json.dumps(grid.site)} has a {grid.kind} meter and nothing that uses or makes energy; "
                "add a consumption or production device with the same site"
            )
        for meter in others:
            if meter.interval_seconds != grid.interval_seconds:
                raise SimulatorError(
                    f"interval_seconds: {meter.interval_seconds} of {meter.device_id} differs from "
                    f"{grid.interval_seconds} of the {grid.kind} meter of its site; give all of a site the same"
                )
