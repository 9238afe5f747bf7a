"""What homes buy, feed in, pay and emit: the same sums for the dashboard and for reports, so that they cannot disagree."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from django.db import connection

from monitoring_service.dashboard.tariffs import Rate, days_begun, has_price_changes_within_hours, prices
from monitoring_service.devices.models import Plant, Tariff
from monitoring_service.devices.selection import EVER, Chosen, counted_by_kind, meters_above, us_or
from monitoring_service.hours.calendar import offsets, zone_of
from monitoring_service.hours.energy import HOUR, Floats, Ints
from monitoring_service.hours.queries import Series
from monitoring_service.hours.rows import array
from monitoring_service.series.models import Series as SeriesOfPlant
from monitoring_service.series.queries import hourly_values
from service_kit.events import Kind, TariffChange

CO2 = {"name": "co2", "unit": "g/kWh"}  # the series that emissions are counted by
# With these three metered it is known where a plant's energy comes from and goes to.
_BALANCE: tuple[Kind, ...] = ("production", "grid_import", "grid_export")
Energy = tuple[Ints, Floats]  # starts, and kWh: all of them known
_NOTHING: Energy = (np.empty(0, dtype=np.int64), np.empty(0))


@dataclass(frozen=True)
class Part:
    """What devices count for that are added up together: in the totals, in which plant's money, and in the balance of plants that
    meter all of it."""

    consumes: bool
    produces: bool
    bought_by: UUID | None
    fed_in_by: UUID | None
    balances: Kind | None


PartEnergy = Sequence[tuple[Part, Energy]]


@dataclass(frozen=True)
class Contract:
    """A tariff (None: without one) while a plant is on it: [since, until), microseconds since 1970."""

    tariff: Tariff | None
    since: int
    until: int


@dataclass(frozen=True)
class Homes:
    """Devices with their plants, all tariffs that these are ever on, and the series that tell of their CO2."""

    devices: Sequence[Chosen]
    plants: Sequence[Plant]
    tariffs: dict[UUID, Tariff]
    co2_series: Sequence[SeriesOfPlant]

    def contracts(self, plant: Plant, begin: int, end: int) -> list[Contract]:
        """The plant's tariffs one after the other, as far as they touch [begin, end)."""
        changes = [(us_or(0, change.at), change.tariff_id) for change in _changes(plant)]
        since = [EVER[0], *(at for at, _ in changes)]
        ids = [plant.tariff_id, *(tariff_id for _, tariff_id in changes)]
        return [
            Contract(self.tariffs.get(tariff_id) if tariff_id else None, first, last)
            for tariff_id, first, last in zip(ids, since, [*since[1:], EVER[1]], strict=True)
            if first < end and last > begin
        ]


# Every look at the first screen asks these: as querysets they would take longer to put together than to answer.
_LIVE = "SELECT * FROM {} WHERE id = ANY(%s::uuid[]) AND deleted_at IS NULL ORDER BY id"
_SERIES = """SELECT plant_id, changes FROM series_series
             WHERE plant_id = ANY(%(plants)s::uuid[]) AND name = %(name)s AND unit = %(unit)s ORDER BY plant_id"""


def homes_of(devices: Sequence[Chosen]) -> Homes:
    plant_ids = {device.plant_id for device in devices if device.plant_id}
    plants = list(Plant.objects.raw(_LIVE.format("devices_plant"), [array(plant_ids)]))
    with connection.cursor() as cursor:
        cursor.execute(_SERIES, {"plants": array(plant.id for plant in plants), **CO2})
        co2 = [SeriesOfPlant(plant_id=plant_id, changes=changes, **CO2) for plant_id, changes in cursor.fetchall()]
    return Homes(devices, plants, _tariffs_of(plants), co2)


def _tariffs_of(plants: Sequence[Plant]) -> dict[UUID, Tariff]:
    ids = {plant.tariff_id for plant in plants} | {c.tariff_id for plant in plants for c in _changes(plant)}
    tariffs = Tariff.objects.raw(_LIVE.format("devices_tariff"), [array(ids - {None})])
    return {tariff.id: tariff for tariff in tariffs}


def _changes(plant: Plant) -> list[TariffChange]:
    return msgspec.convert(plant.tariff_changes, list[TariffChange])


def parts_of(homes: Homes) -> dict[Part, list[Chosen]]:
    """The devices that count at all, by what they count for."""
    above = meters_above(homes.devices)
    kinds = counted_by_kind(homes.devices, above)
    bought: dict[Chosen, UUID] = {}
    fed_in: dict[Chosen, UUID] = {}
    balanced: dict[Chosen, Kind] = {}
    for plant in homes.plants:
        here = counted_by_kind([device for device in homes.devices if device.plant_id == plant.id], above)
        # What is bought is metered at the grid, or else it is all that is consumed.
        bought |= dict.fromkeys(here.get("grid_import") or here.get("consumption", []), plant.id)
        fed_in |= dict.fromkeys(here.get("grid_export", []), plant.id)
        if all(kind in here for kind in _BALANCE):
            balanced |= {device: kind for kind in _BALANCE for device in here[kind]}
    totals = {kind: dict.fromkeys(kinds.get(kind, [])) for kind in ("consumption", "production")}
    found: dict[Part, list[Chosen]] = {}
    for device in totals["consumption"] | totals["production"] | bought | fed_in:
        part = Part(
            device in totals["consumption"],
            device in totals["production"],
            bought.get(device),
            fed_in.get(device),
            balanced.get(device),
        )
        found.setdefault(part, []).append(device)
    return found


def needs_quarters(homes: Homes, zone: ZoneInfo, begin: int, end: int) -> bool:
    """Whether an hour of these days of the zone may have two prices, or lie in two hours that a series tells of."""
    clocks = {zone_of(plant.timezone) for plant in homes.plants} | {zone}
    between_hours = any((offsets(np.array([begin, end]), clock) % HOUR).any() for clock in clocks)
    contracts = [contract for plant in homes.plants for contract in homes.contracts(plant, begin, end)]
    return any(
        between_hours
        or has_price_changes_within_hours(_rates(contract.tariff))
        or (contract.since > begin and contract.since % HOUR)
        for contract in contracts
        if contract.tariff
    ) or (between_hours and bool(homes.co2_series))


def _validity(contract: Contract, tariff: Tariff) -> tuple[int, int]:
    return max(contract.since, us_or(EVER[0], tariff.valid_from)), min(contract.until, us_or(EVER[1], tariff.valid_to))


def _rates(tariff: Tariff) -> list[Rate]:
    return msgspec.convert(tariff.rates, list[Rate])


def known(series: Series, begin: int) -> Energy:
    """Its entries from `begin` on of which something is known."""
    return known_since(begin, series.start, series.kwh)


def known_since(begin: int, start: Ints, kwh: Floats) -> Energy:
    is_known = (start >= begin) & ~np.isnan(kwh)
    return start[is_known], kwh[is_known]


@dataclass(frozen=True)
class Line:
    """What a plant owes (or, below zero, is owed) by one price of a tariff. `quantity`: kWh, of a standing charge days."""

    plant: str
    tariff: str
    of: Literal["energy", "standing charge", "feed-in"]
    quantity: float
    price: float

    @property
    def amount(self) -> float:
        return self.quantity * self.price * (-1 if self.of == "feed-in" else 1)


@dataclass(frozen=True)
class Bill:
    """Bought energy at its prices, less what was fed in, with the standing charges of the days on which the tariff is valid.

    `gap`: why there is no total, "" where there is one.
    """

    lines: Sequence[Line] = ()
    currency: str | None = None
    gap: str = ""

    @property
    def total(self) -> float | None:
        """None when `gap` tells why."""
        return None if self.gap else sum(line.amount for line in self.lines)


class _NoPrice(Exception):
    """Some energy has no price: a sum that leaves it out would be too small."""


def bill(homes: Homes, energy: PartEnergy, days: Sequence[date], begin: int, end: int) -> Bill:
    """Of the local days, which are those of [begin, end)."""
    contracts = {plant.id: homes.contracts(plant, begin, end) for plant in homes.plants}
    currencies = {c.tariff.currency for of_plant in contracts.values() for c in of_plant if c.tariff}
    if not currencies:
        return Bill(gap="no tariff")
    if len(currencies) > 1:
        return Bill(gap=f"tariffs in {' and '.join(sorted(currencies))}")
    try:
        lines = [
            line
            for plant in homes.plants
            if any(contract.tariff for contract in contracts[plant.id])
            for contract in contracts[plant.id]
            for line in _lines(plant, contract, energy, days)
        ]
    except _NoPrice:
        return Bill(gap="energy without a price: no tariff is valid at its hour")
    return Bill(lines, currencies.pop())


def _lines(plant: Plant, contract: Contract, energy: PartEnergy, days: Sequence[date]) -> Iterator[Line]:
    """Raises _NoPrice."""
    meanwhile = [
        (part, start[inside], kwh[inside])
        for part, (start, kwh) in energy
        if (inside := (start >= contract.since) & (start < contract.until)).any()
    ]
    bought = [(start, kwh) for part, start, kwh in meanwhile if part.bought_by == plant.id]
    tariff = contract.tariff
    if tariff is None:
        if bought:
            raise _NoPrice
        return
    zone = zone_of(plant.timezone)
    since, until = _validity(contract, tariff)
    by_price: dict[float, float] = {}
    for start, kwh in bought:
        price, place = np.unique(prices(_rates(tariff), start, zone, since=since, until=until), return_inverse=True)
        if np.isnan(price).any():
            raise _NoPrice
        for each, sum_kwh in zip(price.tolist(), np.bincount(place, weights=kwh).tolist(), strict=True):
            by_price[each] = by_price.get(each, 0) + sum_kwh
    for price_per_kwh, sum_kwh in sorted(by_price.items()):
        yield Line(plant.name, tariff.name, "energy", sum_kwh, price_per_kwh)
    charged = days_begun(days, zone, since=since, until=until)
    if charged and tariff.standing_charge_per_day:
        yield Line(plant.name, tariff.name, "standing charge", charged, tariff.standing_charge_per_day)
    fed_in = sum(float(kwh.sum()) for part, _, kwh in meanwhile if part.fed_in_by == plant.id)
    if fed_in:
        yield Line(plant.name, tariff.name, "feed-in", fed_in, tariff.feed_in_per_kwh)


def mean_price(plant: Plant, begin: int, end: int) -> tuple[float, str] | None:
    """Of a kWh bought in the hours of [begin, end), and its currency; None where an hour has no price, or they have two currencies."""
    hours = np.arange(begin, max(end, begin + 1), HOUR, dtype=np.int64)
    price = np.full(len(hours), np.nan)
    currencies = set()
    for contract in Homes([], [plant], _tariffs_of([plant]), []).contracts(plant, begin, int(hours[-1]) + 1):
        if tariff := contract.tariff:
            since, until = _validity(contract, tariff)
            told = prices(_rates(tariff), hours, zone_of(plant.timezone), since=since, until=until)
            price = np.where(np.isnan(told), price, told)
            currencies.add(tariff.currency)
    if np.isnan(price).any() or len(currencies) != 1:
        return None
    return float(price.mean()), currencies.pop()


def co2_kg(homes: Homes, energy: PartEnergy, begin: int, end: int) -> float | None:
    """Of the energy bought (or consumed, where that is not metered): by the plant's series where that covers the hour, else by its
    factor. Plants that have neither are left out; null when all are, or an hour with energy has neither."""
    factors = {plant.id: plant.co2_g_per_kwh for plant in homes.plants}
    told = hourly_values(homes.co2_series, begin_us=begin // HOUR * HOUR, end_us=end)
    grams = [
        float((kwh * _by_hour(*told.get(plant_id, _NOTHING), start, otherwise=factors[plant_id])).sum())
        for plant_id, (start, kwh) in ((part.bought_by, of_part) for part, of_part in energy)
        if plant_id is not None and (factors[plant_id] is not None or plant_id in told)
    ]
    if any(np.isnan(grams)) or not (told or any(factor is not None for factor in factors.values())):
        return None
    return sum(grams) / 1000


def _by_hour(hours: Ints, values: Floats, at: Ints, *, otherwise: float | None) -> Floats:
    """The value of the hour in which each instant lies."""
    found = np.full(len(at), np.nan if otherwise is None else otherwise)
    hour = at // HOUR * HOUR
    is_known = np.isin(hour, hours)
    found[is_known] = values[np.searchsorted(hours, hour[is_known])]
    return found


def balance(energy: PartEnergy) -> dict[str, float | None]:
    """The share of the production that was used on the spot, and of the consumption that was not bought; of plants that meter
    production, import and export."""
    produced, imported, exported = (
        sum(float(kwh.sum()) for part, (_, kwh) in energy if part.balances == kind) for kind in _BALANCE
    )
    consumed = produced + imported - exported
    return {
        "self_consumption": (produced - exported) / produced if produced > 0 else None,
        "autarky": 1 - imported / consumed if consumed > 0 else None,
    }
