"""The first screen's numbers: all of them from the same quarters, so that they cannot disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from django.conf import settings
from django.db import connection

from monitoring_service.dashboard.tariffs import Rate, prices
from monitoring_service.devices.models import Device, Plant, Tariff
from monitoring_service.devices.queries import visible_devices
from monitoring_service.forecasts.models import IssuedForecast
from monitoring_service.hours.calendar import midnight, zone_of
from monitoring_service.hours.energy import HOUR, QUARTER, SECOND, Floats, Ints
from monitoring_service.hours.queries import Quarters, quarters_of
from monitoring_service.hours.rows import array
from service_kit.auth import Caller

DAYS = 30
WEEKS = 5
FORECAST_HOURS, MONTH_DAYS = 7 * 24, 30


@dataclass(frozen=True)
class _Place:
    """The devices of a plant, with what the plant says of their money and their CO2."""

    plant: Plant | None
    tariff: Tariff | None
    zone: ZoneInfo


def dashboard(*, caller: Caller, zone: ZoneInfo | None, now: datetime) -> dict[str, Any]:
    """The totals of what the caller may see; every number is null where nothing is known."""
    devices = list(visible_devices(caller).order_by("name", "id"))
    places = _places(devices)
    zone = zone or _common_zone(places)
    today = now.astimezone(zone).date()
    first_day = today - timedelta(days=DAYS - 1)
    first_week = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    start_us = midnight(min(first_day, first_week), zone)
    found = quarters_of(
        caller=caller, devices=devices, start_us=start_us, end_us=midnight(today + timedelta(days=1), zone)
    )
    kwh = np.nan_to_num(found.kwh)
    known = ~np.isnan(found.kwh)
    consumes, produces = (known & _of_kind(devices, found, kind) for kind in ("consumption", "production"))
    in_month = found.start >= midnight(first_day, zone)
    days = np.array([midnight(first_day + timedelta(days=n), zone) for n in range(DAYS + 1)])
    weeks = np.array([midnight(first_week + timedelta(weeks=n), zone) for n in range(WEEKS + 1)])
    daily = {
        "consumption": _sums(found.start, kwh, consumes, days),
        "production": _sums(found.start, kwh, produces, days),
    }
    weekly = {
        "consumption": _sums(found.start, kwh, consumes, weeks),
        "production": _sums(found.start, kwh, produces, weeks),
    }
    past_days = [value for value in daily["consumption"][:-1] if value is not None]
    so_far, yesterday = _like_for_like(found, kwh, consumes, today, zone)
    peak, peak_start = _peak(found, kwh, consumes & in_month)
    all_time = _all_time(caller, devices)
    next_day, next_month = _predicted(_counted(devices, "consumption"), now)
    cost, currency = _cost(devices, places, found, kwh, known & in_month, days_elapsed=DAYS)
    return {
        "timezone": zone.key,
        "total_consumption": all_time["consumption"],
        "total_production": all_time["production"],
        "avg_daily_consumption": sum(past_days) / len(past_days) if past_days else None,
        "peak_consumption": peak,
        "peak_consumption_start": peak_start,
        "today": so_far,
        "yesterday_same_time": yesterday,
        "last_7_days": _total(daily["consumption"][-7:]),
        "last_30_days": _total(daily["consumption"]),
        "predicted_next_day": next_day,
        "predicted_next_month": next_month,
        "device_breakdown": _breakdown(devices, found, kwh, known & in_month),
        "daily_data": [
            {
                "date": (first_day + timedelta(days=n)).isoformat(),
                "consumption": daily["consumption"][n],
                "production": daily["production"][n],
            }
            for n in range(DAYS)
        ],
        "weekly_data": [
            {
                "week_start": (first_week + timedelta(weeks=n)).isoformat(),
                "consumption": weekly["consumption"][n],
                "production": weekly["production"][n],
            }
            for n in range(WEEKS)
        ],
        "cost": cost,
        "currency": currency,
        "co2_kg": _co2(devices, places, found, kwh, known & in_month),
    }


def _places(devices: Sequence[Device]) -> list[_Place]:
    plants = {p.id: p for p in Plant.live.filter(pk__in={d.plant_id for d in devices if d.plant_id})}
    tariffs = {t.id: t for t in Tariff.live.filter(pk__in={p.tariff_id for p in plants.values() if p.tariff_id})}
    found = []
    for device in devices:
        plant = plants.get(device.plant_id) if device.plant_id else None
        zone = zone_of(plant.timezone if plant else settings.DEFAULT_TIMEZONE)
        found.append(_Place(plant, tariffs.get(plant.tariff_id) if plant and plant.tariff_id else None, zone))
    return found


def _common_zone(places: Sequence[_Place]) -> ZoneInfo:
    names = {place.zone.key for place in places}
    return zone_of(names.pop() if len(names) == 1 else settings.DEFAULT_TIMEZONE)


def _counted(devices: Sequence[Device], kind: str) -> list[Device]:
    """The devices of a kind, without sub-meters whose energy the meter above them has counted already."""
    ids = {device.id for device in devices if device.kind == kind}
    return [device for device in devices if device.kind == kind and device.parent_id not in ids]


def _of_kind(devices: Sequence[Device], found: Quarters, kind: str) -> Any:
    counted = {device.id for device in _counted(devices, kind)}
    return np.array([device.id in counted for device in devices], dtype=bool)[found.device]


def _sums(start: Ints, kwh: Floats, chosen: Any, border: Ints) -> list[float | None]:
    n = len(border) - 1
    inside = chosen & (start >= border[0]) & (start < border[-1])
    entry = np.searchsorted(border, start[inside], side="right") - 1
    sums = np.bincount(entry, weights=kwh[inside], minlength=n)
    counts = np.bincount(entry, minlength=n)
    return [float(value) if count else None for value, count in zip(sums.tolist(), counts.tolist(), strict=True)]


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _like_for_like(
    found: Quarters, kwh: Floats, chosen: Any, today: date, zone: ZoneInfo
) -> tuple[float | None, float | None]:
    """Today up to the newest quarter that is known, and yesterday up to the same time of its own clock."""
    begin, before = midnight(today, zone), midnight(today - timedelta(days=1), zone)
    of_today = chosen & (found.start >= begin)
    if not of_today.any():
        return None, None
    until = int(found.start[of_today].max()) + QUARTER
    clock = datetime.fromtimestamp(until // SECOND, zone)
    passed = time(clock.hour, clock.minute)
    same = (
        begin
        if clock.date() > today
        else datetime.combine(today - timedelta(days=1), passed, zone).timestamp() * SECOND
    )
    of_yesterday = chosen & (found.start >= before) & (found.start < same)
    return float(kwh[of_today].sum()), float(kwh[of_yesterday].sum()) if of_yesterday.any() else None


def _peak(found: Quarters, kwh: Floats, chosen: Any) -> tuple[float | None, str | None]:
    """The hour with the most consumption, all devices together."""
    if not chosen.any():
        return None, None
    hours, place = np.unique(found.start[chosen] // HOUR, return_inverse=True)
    sums = np.bincount(place, weights=kwh[chosen])
    highest = int(sums.argmax())
    start = datetime.fromtimestamp(int(hours[highest]) * 3600, UTC)
    return float(sums[highest]), start.isoformat().replace("+00:00", "Z")


def _breakdown(devices: Sequence[Device], found: Quarters, kwh: Floats, chosen: Any) -> list[dict[str, Any]]:
    sums = np.bincount(found.device[chosen], weights=kwh[chosen], minlength=len(devices))
    counts = np.bincount(found.device[chosen], minlength=len(devices))
    rows = [
        {"device_id": str(device.id), "name": device.name, "kind": device.kind, "kwh": float(total) if count else None}
        for device, total, count in zip(devices, sums.tolist(), counts.tolist(), strict=True)
    ]
    return sorted(rows, key=lambda row: -(row["kwh"] or 0))


def _all_time(caller: Caller, devices: Sequence[Device]) -> dict[str, float | None]:
    mine, parameters = "", []
    counted = {device.id: kind for kind in ("consumption", "production") for device in _counted(devices, kind)}
    if not caller.is_admin:
        mine = """WHERE EXISTS (SELECT FROM devices_assignment a WHERE a.device_id = h.device_id AND a.user_id = %s
                                AND (a.since IS NULL OR a.since <= q.start)
                                AND (a.until IS NULL OR a.until >= q.start + interval '15 minutes'))"""
        parameters = [str(caller.id)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT h.device_id, sum(q.kwh) FROM unnest(%s::uuid[]) AS d (id) JOIN hours_hour h ON h.device_id = d.id,
                       LATERAL (VALUES (h.start, h.q1), (h.start + interval '15 minutes', h.q2),
                                       (h.start + interval '30 minutes', h.q3), (h.start + interval '45 minutes', h.q4))
                               AS q (start, kwh) {mine}
                GROUP BY h.device_id""",
            [array(counted), *parameters],
        )
        sums: dict[UUID, float | None] = dict(cursor.fetchall())
    return {
        kind: _total([sums.get(device) for device, of_kind in counted.items() if of_kind == kind])
        for kind in ("consumption", "production")
    }


def _predicted(devices: Sequence[Device], now: datetime) -> tuple[float | None, float | None]:
    """The next 24 hours, and 30 days at the pace of the next seven, where every device that consumes has a forecast."""
    scopes = [f"device_{device.id}" for device in devices]
    stored = dict(IssuedForecast.live.filter(pk__in=scopes).values_list("scope", "points"))
    if not scopes or len(stored) < len(scopes):
        return None, None
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    ahead = [
        [point["kwh"] for point in points if msgspec.convert(point["start"], datetime) >= this_hour]
        for points in stored.values()
    ]
    day = sum(sum(points[:24]) for points in ahead) if all(len(points) >= 24 for points in ahead) else None
    # The forecast was issued some hours ago, so a little less than a week of it lies ahead.
    enough = all(len(points) >= FORECAST_HOURS - 24 for points in ahead)
    month = sum(sum(points) / len(points) for points in ahead) * 24 * MONTH_DAYS if enough else None
    return day, month


def _cost(
    devices: Sequence[Device], places: Sequence[_Place], found: Quarters, kwh: Floats, chosen: Any, *, days_elapsed: int
) -> tuple[float | None, str | None]:
    """Bought energy at its prices, less what was fed in, with the standing charges; null without tariff or with two currencies."""
    tariffs = {place.tariff.id: place.tariff for place in places if place.tariff}
    currencies = {tariff.currency for tariff in tariffs.values()}
    if len(currencies) != 1:
        return None, None
    total = 0.0
    for plant_id in {place.plant.id for place in places if place.plant and place.tariff}:
        at = [n for n, device in enumerate(devices) if device.plant_id == plant_id]
        tariff, zone = tariffs[places[at[0]].tariff.id], places[at[0]].zone  # type: ignore[union-attr]
        rates = msgspec.convert(tariff.rates, list[Rate])
        here = [devices[n] for n in at]
        bought = _counted(here, "grid_import") or _counted(here, "consumption")
        rows = chosen & _positions(devices, bought)[found.device]
        price = prices(rates, found.start[rows], zone, since=tariff.valid_from, until=tariff.valid_to)
        if np.isnan(price).any():
            return None, None  # a sum that leaves out the hours without a price would be too small
        fed_in = kwh[chosen & _positions(devices, _counted(here, "grid_export"))[found.device]].sum()
        total += float((kwh[rows] * price).sum() - fed_in * tariff.feed_in_per_kwh)
        total += tariff.standing_charge_per_day * days_elapsed
    return total, currencies.pop()


def _co2(
    devices: Sequence[Device], places: Sequence[_Place], found: Quarters, kwh: Floats, chosen: Any
) -> float | None:
    """Of the energy bought (or consumed, where that is not metered), by each plant's factor; null without one."""
    grams, any_factor = 0.0, False
    for plant in {place.plant.id: place.plant for place in places if place.plant}.values():
        if plant.co2_g_per_kwh is None:
            continue
        any_factor = True
        here = [device for device in devices if device.plant_id == plant.id]
        bought = _counted(here, "grid_import") or _counted(here, "consumption")
        grams += float(kwh[chosen & _positions(devices, bought)[found.device]].sum()) * plant.co2_g_per_kwh
    return grams / 1000 if any_factor else None


def _positions(devices: Sequence[Device], of: Sequence[Device]) -> Any:
    ids = {device.id for device in of}
    return np.array([device.id in ids for device in devices], dtype=bool)
