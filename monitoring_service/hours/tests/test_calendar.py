"""Local days in zones that move their clocks, and one that stands between the hours."""

from datetime import UTC, date, datetime, timedelta

import pytest

from monitoring_service.hours.calendar import Resolution, edges, local_texts, midnight, zone_of
from monitoring_service.hours.energy import SECOND


@pytest.mark.parametrize(
    ("zone", "day", "minutes"),
    [
        ("Europe/Rome", date(2026, 3, 29), [60] * 23),
        ("Europe/Rome", date(2026, 10, 25), [60] * 25),
        ("Europe/Rome", date(2026, 5, 1), [60] * 24),
        ("America/New_York", date(2026, 3, 8), [60] * 23),
        ("America/New_York", date(2026, 11, 1), [60] * 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), [60, 60, 30, *[60] * 22]),
        ("Australia/Lord_Howe", date(2026, 10, 4), [60, 60, 30, *[60] * 21]),
        ("Asia/Kolkata", date(2026, 1, 1), [60] * 24),
        ("America/Havana", date(2026, 11, 1), [60] * 25),
        ("Africa/Cairo", date(2026, 4, 24), [60] * 23),  # midnight itself is skipped
    ],
)
def test_a_day_has_the_hours_that_its_clock_shows(zone: str, day: date, minutes: list[int]) -> None:
    local = zone_of(zone)
    start, end = midnight(day, local), midnight(day + timedelta(days=1), local)

    found = edges(start, end, local, "hour")

    assert [int(m) // (60 * SECOND) for m in found[1:] - found[:-1]] == minutes
    assert (found[0], found[-1]) == (start, end)


def test_entries_are_cut_to_the_range_asked_for() -> None:
    rome = zone_of("Europe/Rome")
    start = datetime(2026, 1, 31, 12, tzinfo=UTC).timestamp() * SECOND
    end = datetime(2026, 3, 2, tzinfo=UTC).timestamp() * SECOND

    found = edges(int(start), int(end), rome, "month")

    expected = [
        datetime(2026, 1, 31, 12, tzinfo=UTC),
        datetime(2026, 1, 31, 23, tzinfo=UTC),
        datetime(2026, 2, 28, 23, tzinfo=UTC),
        datetime(2026, 3, 2, tzinfo=UTC),
    ]
    assert [datetime.fromtimestamp(at // SECOND, UTC) for at in found.tolist()] == expected


@pytest.mark.parametrize("zone", ["UTC", "Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"])
@pytest.mark.parametrize("resolution", ["hour", "day", "month"])
def test_instants_are_written_with_their_own_offset(zone: str, resolution: Resolution) -> None:
    local = zone_of(zone)
    starts = edges(midnight(date(2026, 1, 1), local), midnight(date(2026, 12, 31), local), local, resolution)

    written = local_texts(starts, local)

    expected = [datetime.fromtimestamp(at // SECOND, local).isoformat() for at in starts.tolist()]
    assert written == [text.replace("+00:00", "Z") for text in expected]


def test_a_zone_that_does_not_exist_is_named() -> None:
    with pytest.raises(ValueError, match="Mars/Olympus"):
        zone_of("Mars/Olympus")
