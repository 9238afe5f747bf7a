"""The first screen's numbers: all of them from the same hours, so that they cannot disagree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from django.core.cache import cache
from django.db import connection

from monitoring_service.dashboard.homes import (
    Homes,
    balance,
    bill,
    co2_kg,
    homes_of,
    known_since,
    needs_quarters,
    parts_of,
)
from monitoring_service.devices.selection import Chosen, choose, common_zone, counted_by_kind
from monitoring_service.forecasts.models import IssuedForecast
from monitoring_service.hours.asking import digest
from monitoring_service.hours.calendar import Resolution, edges, midnight
from monitoring_service.hours.energy import HOUR, QUARTER, SECOND, Floats, Ints
from monitoring_service.hours.kept import energy_of_each
from monitoring_service.hours.queries import EnergyQuestion
from monitoring_service.hours.storing import OLD_DAYS
from service_kit.auth import Caller

DAYS = 30
WEEKS = 5
FORECAST_HOURS, MONTH_DAYS = 7 * 24, 30
SINCE_EVER = date(2000, 1, 1)
UTC_ZONE = ZoneInfo("UTC")


@dataclass(frozen=True)
class View:
    """What the caller may see of homes and devices, and the days that are shown."""

    homes: Homes
    zone: ZoneInfo
    now: datetime

    @property
    def devices(self) -> Sequence[Chosen]:
        return self.homes.devices

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    @cached_property
    def forecast_scopes(self) -> list[str]:
        return [f"device_{device.id}" for device in counted_by_kind(self.devices).get("consumption", [])]

    def state(self) -> object:
        """Is another when anything but the devices' energy has changed that the totals rest on."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT scope, version FROM forecasts_issuedforecast WHERE scope = ANY(%s) AND deleted_at IS NULL ORDER BY scope",
                [self.forecast_scopes],
            )
            issued = cursor.fetchall()
        return (
            self.zone.key,
            self.now.replace(minute=0, second=0, microsecond=0),
            [(plant.id, plant.version) for plant in self.homes.plants],
            [(tariff.id, tariff.version) for tariff in self.homes.tariffs.values()],
            [(series.plant_id, series.changes) for series in self.homes.co2_series],
            issued,
        )


def view_of(caller: Caller, *, zone: ZoneInfo | None, now: datetime) -> View:
    """`zone`: of the days that are shown; without it the plants', where they have one in common, else the default."""
    devices = choose(caller)
    return View(homes_of(devices), zone or common_zone(devices), now)


def dashboard(view: View) -> dict[str, Any]:
    """The totals of what the caller may see; every number is null where nothing is known."""
    today, zone = view.today, view.zone
    first_day = today - timedelta(days=DAYS - 1)
    first_week = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    days = _midnights(first_day, 1, DAYS, zone)
    weeks = _midnights(first_week, 7, WEEKS, zone)
    kinds = counted_by_kind(view.devices)
    groups = parts_of(view.homes)
    begin, end = min(int(days[0]), int(weeks[0])), int(days[-1])
    finest: Resolution = "quarter" if needs_quarters(view.homes, zone, begin, end) else "hour"
    starts = edges(begin, end, zone, finest)[:-1]
    measured = energy_of_each([*view.devices, *chain.from_iterable(groups.values())], begin, end, zone, finest)
    parts = [(part, _together([measured[d] for d in devices], len(starts))) for part, devices in groups.items()]
    consumed = _together([kwh for part, kwh in parts if part.consumes], len(starts))
    produced = _together([kwh for part, kwh in parts if part.produces], len(starts))
    daily = _sums(starts, consumed, days), _sums(starts, produced, days)
    weekly = _sums(starts, consumed, weeks), _sums(starts, produced, weeks)
    past_days = [value for value in daily[0][:-1] if value is not None]
    so_far, yesterday = _like_for_like(view, kinds.get("consumption", []))
    peak, peak_start = _peak(starts, consumed, since=int(days[0]))
    earlier = _earlier([kinds.get("consumption", []), kinds.get("production", [])], int(weeks[0]), zone)
    all_time = [
        _total([before, *_sums(starts, kwh, np.array([weeks[0], days[-1]]))])
        for before, kwh in zip(earlier, (consumed, produced), strict=True)
    ]
    next_day, next_month = _predicted(view.forecast_scopes, view.now)
    month = [(part, known_since(int(days[0]), starts, kwh)) for part, kwh in parts]
    month_days = [first_day + timedelta(days=n) for n in range(DAYS)]
    owed = bill(view.homes, month, month_days, int(days[0]), int(days[-1]))
    return {
        "timezone": zone.key,
        "total_consumption": all_time[0],
        "total_production": all_time[1],
        "avg_daily_consumption": sum(past_days) / len(past_days) if past_days else None,
        "peak_consumption": peak,
        "peak_consumption_start": peak_start,
        "today": so_far,
        "yesterday_same_time": yesterday,
        "last_7_days": _total(daily[0][-7:]),
        "last_30_days": _total(daily[0]),
        "predicted_next_day": next_day,
        "predicted_next_month": next_month,
        "device_breakdown": _breakdown(view, {device: kwh[starts >= days[0]] for device, kwh in measured.items()}),
        "daily_data": _rows("date", first_day, 1, daily),
        "weekly_data": _rows("week_start", first_week, 7, weekly),
        "cost": owed.total,
        "currency": owed.currency,
        "co2_kg": co2_kg(view.homes, month, int(days[0]), int(days[-1])),
        **balance(month),
    }


def _midnights(first: date, step: int, count: int, zone: ZoneInfo) -> Ints:
    return np.array([midnight(first + timedelta(days=step * n), zone) for n in range(count + 1)], dtype=np.int64)


def _together(energies: Sequence[Floats], entries: int) -> Floats:
    if not energies:
        return np.full(entries, np.nan)
    each = np.array(energies)
    return np.where(np.isnan(each).all(axis=0), np.nan, np.nansum(each, axis=0))


def _sums(start: Ints, kwh: Floats, border: Ints) -> list[float | None]:
    n = len(border) - 1
    inside = (start >= border[0]) & (start < border[-1]) & ~np.isnan(kwh)
    entry = np.searchsorted(border, start[inside], side="right") - 1
    sums = np.bincount(entry, weights=kwh[inside], minlength=n)
    counts = np.bincount(entry, minlength=n)
    return [float(value) if count else None for value, count in zip(sums.tolist(), counts.tolist(), strict=True)]


def _total(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _rows(
    name: str, first: date, step: int, sums: tuple[Sequence[float | None], Sequence[float | None]]
) -> list[dict[str, Any]]:
    return [
        {name: (first + timedelta(days=step * n)).isoformat(), "consumption": consumption, "production": production}
        for n, (consumption, production) in enumerate(zip(*sums, strict=True))
    ]


def _like_for_like(view: View, devices: Sequence[Chosen]) -> tuple[float | None, float | None]:
    """Today up to the newest quarter that is known, and yesterday up to the same time of its own clock; both None without today."""
    yesterday, today, tomorrow = (midnight(view.today + timedelta(days=n), view.zone) for n in (-1, 0, 1))
    starts = edges(yesterday, tomorrow, view.zone, "quarter")[:-1]
    measured = energy_of_each(devices, yesterday, tomorrow, view.zone, "quarter")
    start, kwh = known_since(yesterday, starts, _together([measured[device] for device in devices], len(starts)))
    if not len(start) or start[-1] < today:
        return None, None
    until = int(start[-1]) + QUARTER
    same = today if until >= tomorrow else _reached(_clock(until, view.zone), yesterday, today, view.zone)
    so_far, before = kwh[start >= today], kwh[start < same]
    return float(so_far.sum()), float(before.sum()) if len(before) else None


def _clock(at_us: int, zone: ZoneInfo) -> time:
    return datetime.fromtimestamp(at_us // SECOND, zone).time()


def _reached(clock: time, begin: int, end: int, zone: ZoneInfo) -> int:
    """When the day's own clock first shows this time or a later one, where it skips this."""
    return next((at for at in range(begin, end, QUARTER) if _clock(at, zone) >= clock), end)


def _peak(start: Ints, kwh: Floats, *, since: int) -> tuple[float | None, str | None]:
    """The hour with the most consumption, all devices together."""
    known = (start >= since) & ~np.isnan(kwh)
    if not known.any():
        return None, None
    hours, place = np.unique(start[known] // HOUR, return_inverse=True)
    sums = np.bincount(place, weights=kwh[known])
    highest = int(sums.argmax())
    found = datetime.fromtimestamp(int(hours[highest]) * 3600, UTC)
    return float(sums[highest]), found.isoformat().replace("+00:00", "Z")


def _breakdown(view: View, month: Mapping[Chosen, Floats]) -> list[dict[str, Any]]:
    if not view.devices:
        return []
    each = np.array([month[device] for device in view.devices])
    totals = np.where(np.isnan(each).all(axis=1), np.nan, np.nansum(each, axis=1)).tolist()
    rows = [
        {"device_id": str(device.id), "name": device.name, "kind": device.kind, "kwh": None if kwh != kwh else kwh}
        for device, kwh in zip(view.devices, totals, strict=True)
    ]
    return sorted(rows, key=lambda row: -(row["kwh"] or 0))


def _earlier(groups: Sequence[Sequence[Chosen]], end_us: int, zone: ZoneInfo) -> list[float | None]:
    """The energy of each group before the weeks that are shown: years of hours, kept until one of them changes."""
    # Hours of the last OLD_DAYS change without being counted: they must not be among what is kept.
    assert 7 * (WEEKS - 1) > OLD_DAYS + 1
    rests_on = end_us, [[(d.id, d.version, d.periods, d.old_changes) for d in devices] for devices in groups]
    question = EnergyQuestion(groups, midnight(SINCE_EVER, UTC_ZONE), end_us, zone, "year")
    kept: Any = cache.get_or_set(f"earlier-{digest(rests_on)}", question.totals, timeout=7 * 86_400)
    return list(kept)


def _predicted(scopes: Sequence[str], now: datetime) -> tuple[float | None, float | None]:
    """The next 24 hours, and 30 days at the pace of the next seven, where every device that consumes has a forecast."""
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
