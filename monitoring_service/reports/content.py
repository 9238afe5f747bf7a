"""What a report says: read once, from the same hours as the dashboard, with how much of them is known."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Count, Max, Q

from monitoring_service.dashboard.homes import Bill, balance, bill, co2_kg, homes_of, known, needs_quarters, parts_of
from monitoring_service.devices.selection import Chosen, counted_by_kind
from monitoring_service.hours.calendar import Resolution
from monitoring_service.hours.energy import HOUR, QUARTER, Floats, Ints
from monitoring_service.hours.models import Hour
from monitoring_service.hours.queries import QUALITY_NAMES, EnergyQuestion, Series
from monitoring_service.reports.periods import Period, instant
from service_kit.events import Kind

# Up to so many days a report's table has hours, and up to so many days it has days.
DAYS_BY_HOUR, DAYS_BY_DAY = 2, 92
# With a smaller share of its hours known the period before is nothing to compare with.
COMPARABLE = 0.95


class NothingKnown(Exception):
    """Nothing is known of this energy in this time, so there is nothing to report: choose another time or other devices."""


@dataclass(frozen=True)
class KindTotal:
    """kWh, and in the period before up to where this one has come; how many hours and readings are known of how many.

    `before_known`: the share of that period's hours that are known, 0 to 1. `expected`: None where a meter's interval is longer than an hour.
    """

    kind: Kind
    kwh: float | None
    before: float | None
    before_known: float
    hours_known: int
    hours: int
    readings: int
    expected: float | None

    @property
    def change(self) -> float | None:
        """Against the period before: 0.1 is a tenth more. None when much less is known of that one than of this."""
        if self.kwh is None or not self.before or self.before_known < COMPARABLE * self.hours_known / self.hours:
            return None
        return self.kwh / self.before - 1


@dataclass(frozen=True)
class Row:
    """An hour, day or month: `start` in local time with offset, kWh by kind, and the worst quality of these."""

    start: str
    kwh: Sequence[float | None]
    readings: int
    expected: float | None
    quality: str


@dataclass(frozen=True)
class DeviceTotal:
    name: str
    kind: Kind
    kwh: float | None


@dataclass(frozen=True)
class Content:
    """`until`: where the data are counted to, the end or (of a running period) the present quarter. Energy in kWh."""

    name: str
    period: Period
    zone: ZoneInfo
    until: datetime
    made_at: datetime
    is_running: bool
    resolution: Resolution
    kinds: Sequence[KindTotal]
    bill: Bill
    co2_kg: float | None
    self_consumption: float | None
    autarky: float | None
    rows: Sequence[Row]
    devices: Sequence[DeviceTotal]
    revised_hours: int
    revised_at: datetime | None

    @property
    def completeness(self) -> float:
        """The share of the hours that are known, 0 to 1."""
        return sum(kind.hours_known for kind in self.kinds) / sum(kind.hours for kind in self.kinds)


def has_energy(devices: Sequence[Chosen], start_us: int, end_us: int, zone: ZoneInfo) -> bool:
    return EnergyQuestion([devices], start_us, end_us, zone, "year").totals()[0] is not None if devices else False


def content_of(name: str, devices: Sequence[Chosen], period: Period, zone: ZoneInfo, now: datetime) -> Content:
    """Raises NothingKnown."""
    begin, end = period.bounds(zone)
    is_running = end > now.timestamp() * 1e6
    until = min(end, max(round(now.timestamp() * 1e6) // QUARTER * QUARTER, begin + QUARTER))
    groups = counted_by_kind(devices)
    hours = EnergyQuestion(list(groups.values()), begin, until, zone, "hour").answer()
    if all(series.total_kwh is None for series in hours):
        raise NothingKnown(NothingKnown.__doc__)
    if is_running:
        # Like for like: what the meters have not told yet is not compared with what they had told then.
        until = max(int(series.start[~np.isnan(series.kwh)].max(initial=begin)) for series in hours) + HOUR
        until = min(until, end)
        hours = EnergyQuestion(list(groups.values()), begin, until, zone, "hour").answer()
    days = [day for day in period.days if Period(None, day, day).bounds(zone)[0] < until]
    resolution = _resolution(len(period.days))
    entries = EnergyQuestion(list(groups.values()), begin, until, zone, resolution).answer()
    begin_before, _ = period.before.bounds(zone)
    before = EnergyQuestion(
        list(groups.values()), begin_before, period.reached_before(until, zone), zone, "hour"
    ).answer()
    homes = homes_of(devices)
    parts = parts_of(homes)
    finest: Resolution = "quarter" if needs_quarters(homes, zone, begin, until) else "hour"
    energy = [
        (part, known(series, begin))
        for part, series in zip(
            parts, EnergyQuestion(list(parts.values()), begin, until, zone, finest).answer(), strict=True
        )
    ]
    alone = EnergyQuestion([[device] for device in devices], begin, until, zone, "year").totals()
    revised_hours, revised_at = _revised(devices, begin, until)
    return Content(
        name=name,
        period=period,
        zone=zone,
        until=instant(until),
        made_at=now,
        is_running=is_running,
        resolution=resolution,
        kinds=[_total(*each) for each in zip(groups, hours, before, strict=True)],
        bill=bill(homes, energy, days, begin, until),
        co2_kg=co2_kg(homes, energy, begin, until),
        **balance(energy),
        rows=_rows(entries),
        devices=sorted(
            (DeviceTotal(device.name, device.kind, kwh) for device, kwh in zip(devices, alone, strict=True)),
            key=lambda device: -(device.kwh or 0),
        ),
        revised_hours=revised_hours,
        revised_at=revised_at,
    )


def _resolution(days: int) -> Resolution:
    return "hour" if days <= DAYS_BY_HOUR else "day" if days <= DAYS_BY_DAY else "month"


def _total(kind: Kind, series: Series, before: Series) -> KindTotal:
    expected = float(series.expected.sum())
    return KindTotal(
        kind=kind,
        kwh=series.total_kwh,
        before=before.total_kwh,
        before_known=_hours_known(before) / max(len(before.start), 1),
        hours_known=_hours_known(series),
        hours=len(series.start),
        readings=int(series.readings.sum()),
        expected=None if np.isnan(expected) else expected,
    )


def _hours_known(series: Series) -> int:
    return int((~np.isnan(series.kwh)).sum())


def _rows(series: Sequence[Series]) -> list[Row]:
    by_kind = [one.entries() for one in series]
    kwh = [[None if entry.kwh != entry.kwh else entry.kwh for entry in entries] for entries in by_kind]
    readings: Ints = np.sum([one.readings for one in series], axis=0)
    expected: Floats = np.sum([one.expected for one in series], axis=0)
    worst: Ints = np.min([one.quality for one in series], axis=0)  # the qualities are in that order
    return [
        Row(
            entry.start,
            [column[n] for column in kwh],
            int(readings[n]),
            None if np.isnan(expected[n]) else float(expected[n]),
            QUALITY_NAMES[worst[n]],
        )
        for n, entry in enumerate(by_kind[0])
    ]


def _hours_corrected(devices: Sequence[Chosen], begin: int, until: int) -> Q:
    """A condition on hours: of these devices and this time, within what may be seen of them."""
    together: dict[tuple[int, int], list[Any]] = {}
    for device in devices:
        for since, to in device.periods:
            together.setdefault((max(since, begin), min(to, until)), []).append(device.id)
    found = Q(device_id__in=[])
    for (since, to), ids in together.items():
        if since < to:
            found |= Q(device_id__in=ids, start__gte=instant(since), start__lt=instant(to))
    return found & Q(revised_at__isnull=False)


def _revised(devices: Sequence[Chosen], begin: int, until: int) -> tuple[int, datetime | None]:
    """How many of the hours were corrected after they were closed, and when last."""
    hours = Hour.objects.filter(_hours_corrected(devices, begin, until))
    found = hours.aggregate(count=Count("start"), last=Max("revised_at"))
    return found["count"], found["last"]


def summary(content: Content) -> dict[str, Any]:
    """The figures that the API shows beside the file."""
    return {
        "resolution": content.resolution,
        "until": content.until.isoformat(),
        "completeness": content.completeness,
        "totals": [
            {"kind": t.kind, "kwh": t.kwh, "before_kwh": t.before, "before_known": t.before_known, "hours_known": t.hours_known, "hours": t.hours,
             "readings": t.readings, "expected": t.expected}
            for t in content.kinds
        ],
        "cost": content.bill.total,
        "currency": content.bill.currency,
        "co2_kg": content.co2_kg,
        "self_consumption": content.self_consumption,
        "autarky": content.autarky,
        "revised_hours": content.revised_hours,
    }  # fmt: skip
