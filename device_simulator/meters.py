"""What a simulated meter shows: a pure function of (seed, device, instant).

A value that depends on nothing else can be sent again after a crash or a restart without changing a total: the
receiver sees the same reading twice.
"""

import heapq
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import blake2b
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

KINDS = ("consumption", "production", "grid_import", "grid_export")
READINGS = ("interval_kwh", "power_w", "register_kwh")
#: When the counters of register_kwh meters stood at 0 (seconds since 1970), and the steps in which they are counted up.
COUNTED_SINCE = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp())
COUNTING_SECONDS = 600

#: Factor on the base load by local hour of day, as (first hour, last hour, factor).
DAY_TIMES = ((0, 5, 0.5), (6, 8, 1.2), (9, 16, 0.8), (17, 21, 1.5), (22, 23, 0.7))
BASE_LOAD_SECONDS = 600
UTC_ZONE = ZoneInfo("UTC")


class Reading(NamedTuple):
    """A device, an instant (seconds since 1970, UTC) and a number (kWh of the interval that ends there, W, or kWh of a counter)."""

    device_id: str
    instant: int
    value: float
    in_watts: bool = False

    @property
    def timestamp(self) -> str:
        return datetime.fromtimestamp(self.instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def factors_by_hour(day_times: Sequence[tuple[int, int, float]]) -> tuple[float, ...]:
    """24 factors, one for each local hour, from (first hour, last hour, factor) which cover the day once."""
    return tuple(next(factor for first, last, factor in day_times if first <= hour <= last) for hour in range(24))


@dataclass(frozen=True, slots=True)
class Meter:
    """One simulated device. `base_load_kwh` is per 10 minutes, whatever `interval_seconds` is."""

    device_id: str
    kind: str = "consumption"
    reading: str = "interval_kwh"
    interval_seconds: int = 600
    base_load_kwh: float = 0.2
    noise: float = 0.1
    hour_factors: tuple[float, ...] = factors_by_hour(DAY_TIMES)
    timezone: ZoneInfo = UTC_ZONE
    peak_power_w: float = 5000.0
    latitude: float = 50.0
    longitude: float = 0.0
    site: str = "home"
    seed: int = 0
    secret: str = field(default="", repr=False)  # its own credential, by MQTT


def chance(*key: object) -> float:
    """A number in [0, 1) that looks random and is always the same for the same key."""
    digest = blake2b(":".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64


def energy_kwh(meter: Meter, end: int, site: Sequence[Meter] = ()) -> float:
    """Energy in kWh of the interval of `meter` that ends at `end` (seconds since 1970).

    Grid meters show what is left of consumption minus production of the other meters of their site, so that
    import - export = consumption - production holds for every interval.
    """
    if meter.kind == "grid_import":
        return max(0.0, _balance_kwh(site, end))
    if meter.kind == "grid_export":
        return max(0.0, -_balance_kwh(site, end))
    middle = end - meter.interval_seconds / 2
    mean = _sunshine_kwh(meter, middle) if meter.kind == "production" else _load_kwh(meter, middle)
    return mean * (1 + meter.noise * (2 * chance(meter.seed, meter.device_id, end) - 1))


def _balance_kwh(site: Sequence[Meter], end: int) -> float:
    signs = {"consumption": 1, "production": -1}
    return sum(signs[meter.kind] * energy_kwh(meter, end) for meter in site if meter.kind in signs)


def _load_kwh(meter: Meter, middle: float) -> float:
    hour = datetime.fromtimestamp(middle, meter.timezone).hour
    return meter.base_load_kwh * meter.hour_factors[hour] * meter.interval_seconds / BASE_LOAD_SECONDS


def _sunshine_kwh(meter: Meter, middle: float) -> float:
    """Sine of the sun's height times the peak power, dimmed by the day's clouds; exactly zero at night.

    Declination after Cooper (1969), "The absorption of radiation in solar stills".
    """
    moment = datetime.fromtimestamp(middle, UTC)
    declination = math.radians(23.45 * math.sin(math.tau * (284 + moment.timetuple().tm_yday) / 365))
    solar_hour = (middle / 3600 + meter.longitude / 15) % 24
    latitude = math.radians(meter.latitude)
    height = math.sin(latitude) * math.sin(declination) + math.cos(latitude) * math.cos(declination) * math.cos(
        math.radians(15 * (solar_hour - 12))
    )
    if height <= 0:
        return 0.0
    solar_day = int((middle + meter.longitude * 240) // 86400)
    clear = 0.35 + 0.65 * chance(meter.seed, meter.site, "clouds", solar_day)
    return meter.peak_power_w / 1000 * height * clear * meter.interval_seconds / 3600


#: Where each counter stood last, so that the next count goes on from there. What it says is the same without it.
_counters: dict[tuple[Meter, tuple[Meter, ...]], tuple[int, float]] = {}


def counter_kwh(meter: Meter, instant: int, site: Sequence[Meter] = ()) -> float:
    """Where the counter of `meter` stands at `instant`: all energy since COUNTED_SINCE, and never less than before."""
    coarse = [replace(each, interval_seconds=COUNTING_SECONDS) for each in (meter, *site)]
    key = (coarse[0], tuple(coarse[1:]))
    counted, total = _counters.get(key, (COUNTED_SINCE, 0.0))
    if counted > instant:
        counted, total = COUNTED_SINCE, 0.0
    while counted + COUNTING_SECONDS <= instant:
        counted += COUNTING_SECONDS
        total += energy_kwh(coarse[0], counted, coarse[1:])
    _counters[key] = counted, total
    if counted >= instant:
        return total
    return (
        total + energy_kwh(coarse[0], counted + COUNTING_SECONDS, coarse[1:]) * (instant - counted) / COUNTING_SECONDS
    )


def reading_at(meter: Meter, instant: int, site: Sequence[Meter] = ()) -> Reading:
    """What the meter reports at `instant`: kWh of the interval before it, its mean power in W, or where its counter stands."""
    if meter.reading == "register_kwh":
        return Reading(meter.device_id, instant, counter_kwh(meter, instant, site))
    energy = energy_kwh(meter, instant, site)
    if meter.reading == "power_w":
        return Reading(
            meter.device_id,
            instant,
            energy * 3_600_000 / meter.interval_seconds,
            in_watts=True,
        )
    return Reading(meter.device_id, instant, energy)


def next_instant(meter: Meter, after: float) -> int:
    """The first instant after `after` at which the meter reports: whole multiples of its interval."""
    return (math.floor(after / meter.interval_seconds) + 1) * meter.interval_seconds


def readings_between(meters: Sequence[Meter], after: float, until: float) -> Iterator[Reading]:
    """All readings with after < instant <= until, in order of time."""
    sites: dict[str, list[Meter]] = {}
    for meter in meters:
        sites.setdefault(meter.site, []).append(meter)

    def of(meter: Meter) -> Iterator[Reading]:
        instant = next_instant(meter, after)
        while instant <= until:
            yield reading_at(meter, instant, sites[meter.site])
            instant += meter.interval_seconds

    return heapq.merge(*map(of, meters), key=attrgetter("instant"))
