"""The time that a report is about, by the scope's own clock: days, weeks from Monday, months, years, or any other. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from monitoring_service.hours.calendar import midnight
from monitoring_service.hours.energy import QUARTER, SECOND

Unit = Literal["day", "week", "month", "year"]
UNITS: tuple[Unit, ...] = ("day", "week", "month", "year")
FORMS = (
    '"day", "week", "month" or "year" (the running one), "2026-10-17", "2026-W42", "2026-10", "2026", or {"start": "2026-10-01", '
    '"end": "2026-10-15"} (dates or instants; the end is not included)'
)
_YEARS = (2000, 2099)
LONGEST_DAYS = 3_660


class BadPeriod(ValueError):
    """The period is none: the text says why, and which there are."""


@dataclass(frozen=True)
class Asked:
    """The unit that holds `day`, or (None) today, which the scope's clock must tell."""

    unit: Unit
    day: date | None


@dataclass(frozen=True)
class Between:
    """From a date or an instant to another, which is not included."""

    start: date | datetime
    end: date | datetime


@dataclass(frozen=True)
class Period:
    """Local days from `first` to `end`, which is not included."""

    unit: Unit | None
    first: date
    end: date

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.end - self.first).days)]

    def bounds(self, zone: ZoneInfo) -> tuple[int, int]:
        """Microseconds since 1970."""
        return midnight(self.first, zone), midnight(self.end, zone)

    @property
    def before(self) -> "Period":
        """The period just before: of the same unit, or of as many days."""
        if self.unit is None:
            return Period(None, self.first - (self.end - self.first), self.first)
        return period_with(self.unit, self.first - timedelta(days=1))

    def reached_before(self, until_us: int, zone: ZoneInfo) -> int:
        """Where the period before had come to when this one has come to `until_us`: as many days and by the same clock."""
        begin, end = self.bounds(zone)
        if until_us >= end:
            return begin
        reached = datetime.fromtimestamp(until_us / SECOND, zone)
        day = self.before.first + (reached.date() - self.first)
        same = datetime.combine(day, time(reached.hour, reached.minute), zone)
        return min(begin, round(same.timestamp()) * SECOND // QUARTER * QUARTER)


def period_with(unit: Unit, day: date) -> Period:
    """The day, week, month or year that holds the day."""
    if unit == "day":
        return Period(unit, day, day + timedelta(days=1))
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return Period(unit, monday, monday + timedelta(days=7))
    if unit == "month":
        return Period(unit, day.replace(day=1), (day.replace(day=1) + timedelta(days=31)).replace(day=1))
    return Period(unit, date(day.year, 1, 1), date(day.year + 1, 1, 1))


def parse_period(asked: Any) -> Asked | Between:
    """Raises BadPeriod."""
    if isinstance(asked, dict):
        return _between(asked)
    text = str(asked).strip()
    if text in UNITS:
        return Asked(text, None)
    try:
        if re.fullmatch(r"\d{4}", text):
            return _within("year", date(int(text), 1, 1))
        if re.fullmatch(r"\d{4}-\d\d", text):
            return _within("month", date.fromisoformat(f"{text}-01"))
        if re.fullmatch(r"\d{4}-W\d\d", text):
            return _within("week", date.fromisocalendar(int(text[:4]), int(text[6:]), 1))
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            return _within("day", date.fromisoformat(text))
    except ValueError as error:
        if isinstance(error, BadPeriod):
            raise
    raise BadPeriod(f"{text[:60]!r} is no period. Give {FORMS}.")


def _between(asked: dict[Any, Any]) -> Between:
    if set(asked) != {"start", "end"}:
        raise BadPeriod(
            f"A period as an object has start and end, not {', '.join(map(str, asked)) or 'nothing'}. Give {FORMS}."
        )
    return Between(*(_date_or_instant(name, str(asked[name])) for name in ("start", "end")))


def _date_or_instant(name: str, text: str) -> date | datetime:
    try:
        found = date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or (isinstance(found, datetime) and found.tzinfo is None):
        raise BadPeriod(
            f"{name} {text[:40]!r} is no date such as 2026-10-01 and no instant such as 2026-10-01T00:00:00Z."
        )
    _within("day", found)
    return found


def _days(asked: Between, zone: ZoneInfo) -> Period:
    """The whole local days that instants lie in."""
    start, end = (at.astimezone(zone) if isinstance(at, datetime) else at for at in (asked.start, asked.end))
    first = start.date() if isinstance(start, datetime) else start
    if isinstance(end, datetime):
        end = (end + timedelta(days=1) if end.time() != time() else end).date()
    if first >= end:
        raise BadPeriod(
            f"end {asked.end.isoformat()} is not after start {asked.start.isoformat()}; the end is not included."
        )
    if (end - first).days > LONGEST_DAYS:
        raise BadPeriod(f"{first} to {end} is longer than ten years. Ask for its years one by one.")
    return Period(None, first, end)


def _within(unit: Unit, day: date) -> Asked:
    if not _YEARS[0] <= day.year <= _YEARS[1]:
        raise BadPeriod(f"{day} is outside {_YEARS[0]} to {_YEARS[1]}.")
    return Asked(unit, day)


def period_of(asked: Asked | Between, zone: ZoneInfo, now: datetime) -> Period:
    """Raises BadPeriod for a time that has not begun, ends before it begins or is too long."""
    today = now.astimezone(zone).date()
    period = _days(asked, zone) if isinstance(asked, Between) else period_with(asked.unit, asked.day or today)
    if period.first > today:
        raise BadPeriod(f"{period.first} has not begun yet in {zone.key}.")
    return period


def instant(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us // SECOND, UTC)
