"""Readings in by the queue, hours out by the API: forms, corrections, gaps, clock changes, access."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.meters import last_full_hour, rfc3339, send, send_raw

HOUR_FIELDS = {"start", "kwh", "readings", "expected", "quality"}
TEN_MINUTES = timedelta(minutes=10)


def hour_of(start: datetime, value: float = 0.1, *, count: int = 6) -> list[tuple[datetime, float]]:
    """The ten-minute readings of the hour that begins at `start`."""
    return [(start + TEN_MINUTES * number, value) for number in range(1, count + 1)]


@pytest.fixture(scope="module")
def end() -> datetime:
    return last_full_hour()


@pytest.fixture
def hours(alice: Person) -> Callable[..., list[dict[str, Any]]]:
    """`hours(device, start, end)`: the entries of the range."""

    def get(device: dict[str, Any], start: datetime, end: datetime) -> list[dict[str, Any]]:
        found = alice.api.get(
            "/api/monitoring/hourly/range", device_id=device["id"], start=rfc3339(start), end=rfc3339(end)
        )
        return list(found["data"])

    return get


Hours = Callable[..., list[dict[str, Any]]]


def arrive(hours: Hours, device: dict[str, Any], start: datetime, kwh: float | None) -> dict[str, Any]:
    """Wait until the hour at `start` has `kwh`; its entry."""

    def look() -> dict[str, Any] | None:
        entry = hours(device, start, start + timedelta(hours=1))[0]
        same = entry["kwh"] is None if kwh is None else entry["kwh"] == pytest.approx(kwh, abs=1e-9)
        return entry if same else None

    return wait_for(f"the hour {start} of {device['name']} is {kwh} kWh", look)


def test_every_form_of_message_is_counted(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Forms", owner=alice)
    start = end - timedelta(hours=1)
    at = [rfc3339(start + TEN_MINUTES * number) for number in range(1, 7)]
    send_raw(
        meter_amqp_url,
        {"timestamp": at[0], "device_id": device["id"], "measurement_value": 0.1},
        {"device_id": device["id"], "readings": [[at[1], 0.1], [at[2], 0.1]]},
        [
            {"timestamp": at[3], "device_id": device["id"], "measurement_value": 0.1},
            {"device_id": device["id"], "readings": [[at[4], 0.1], [at[5], 0.1]]},
        ],
    )

    entry = arrive(hours, device, start, 0.6)

    assert set(entry) >= HOUR_FIELDS
    assert (entry["readings"], entry["expected"], entry["quality"]) == (6, 6, "measured")


def test_a_power_meter_is_integrated(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Power", owner=alice, reading="power_w")
    start = end - timedelta(hours=2)
    send_raw(
        meter_amqp_url,
        *(
            {"timestamp": rfc3339(start + TEN_MINUTES * number), "device_id": device["id"], "power": 1_200}
            for number in range(13)
        ),
    )

    arrive(hours, device, start, 1.2)


def test_a_register_is_read_as_differences(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Register", owner=alice, reading="register_kwh")
    start = end - timedelta(hours=2)
    send(meter_amqp_url, device["id"], [(start + TEN_MINUTES * n, 1_000 + 0.2 * n) for n in range(13)])

    arrive(hours, device, start, 1.2)


def test_doubled_late_and_shuffled_readings_land_in_their_hours(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Shuffled", owner=alice)
    start = end - timedelta(hours=3)
    values = [reading for hour in range(3) for reading in hour_of(start + timedelta(hours=hour), 0.1 * (hour + 1))]
    send(meter_amqp_url, device["id"], values[::-1] + values[::2] + values[1::3])

    arrive(hours, device, start, 0.6)
    arrive(hours, device, start + timedelta(hours=1), 1.2)
    arrive(hours, device, start + timedelta(hours=2), 1.8)


def test_a_correction_replaces_and_a_redelivered_old_value_does_not_come_back(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Corrected", owner=alice)
    start = end - timedelta(hours=1)
    values = hour_of(start)
    send(meter_amqp_url, device["id"], values)
    arrive(hours, device, start, 0.6)

    send(meter_amqp_url, device["id"], [(values[0][0], 0.5)])
    arrive(hours, device, start, 1.0)

    send(meter_amqp_url, device["id"], [values[0], (end + TEN_MINUTES, 0.3)])
    wait_for("what followed has arrived", lambda: hours(device, end, end + timedelta(hours=1))[0]["kwh"] == 0.3)
    arrive(hours, device, start, 1.0)


def test_the_highest_revision_stays(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Revised", owner=alice)
    start = end - timedelta(hours=1)
    one = {"timestamp": rfc3339(end), "device_id": device["id"]}
    send_raw(meter_amqp_url, {**one, "measurement_value": 0.7, "revision": 2})
    arrive(hours, device, start, 0.7)

    send_raw(
        meter_amqp_url,
        {**one, "measurement_value": 0.1, "revision": 1},
        {"timestamp": rfc3339(end - TEN_MINUTES), "device_id": device["id"], "measurement_value": 0.2},
    )

    arrive(hours, device, start, 0.9)


def test_an_hour_without_readings_is_missing_and_never_zero(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Gaps", owner=alice)
    start = end - timedelta(hours=3)
    send(meter_amqp_url, device["id"], hour_of(start) + hour_of(start + timedelta(hours=2), count=5))
    arrive(hours, device, start + timedelta(hours=2), 0.5)

    whole, missing, partial = hours(device, start, end)

    assert (whole["kwh"], whole["quality"]) == (pytest.approx(0.6), "measured")
    assert (missing["kwh"], missing["readings"], missing["expected"], missing["quality"]) == (None, 0, 6, "missing")
    assert (partial["readings"], partial["expected"], partial["quality"]) == (5, 6, "partial")


@pytest.mark.parametrize(
    ("zone", "date", "entries"),
    [
        ("Europe/Berlin", "2025-03-30", 23),
        ("Europe/Berlin", "2025-10-26", 25),
        ("Europe/Berlin", "2025-06-01", 24),
        ("Asia/Kolkata", "2025-06-01", 24),
        ("Australia/Lord_Howe", "2025-04-06", 25),
        ("Australia/Lord_Howe", "2025-10-05", 24),
    ],
)
def test_a_day_goes_from_local_midnight_to_local_midnight(
    alice: Person, year: dict[str, Any], zone: str, date: str, entries: int
) -> None:
    day = alice.api.get("/api/monitoring/hourly/daily", device_id=year["id"], date=date, timezone=zone)

    assert (day["device_id"], day["date"], day["timezone"]) == (year["id"], date, zone)
    assert len(day["hours"]) == entries
    assert all(datetime.fromisoformat(entry["start"]).tzinfo is not None for entry in day["hours"])
    assert datetime.fromisoformat(day["hours"][0]["start"]).astimezone(UTC) == local_midnight(date, zone)


def local_midnight(date: str, zone: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.fixture(scope="module")
def year(alice: Person, make_device: MakeDevice, meter_amqp_url: str) -> dict[str, Any]:
    """A device with 0.1 kWh every ten minutes around both clock changes of 2025."""
    device = make_device("Clock changes", owner=alice)
    for month, day in ((3, 29), (4, 5), (10, 4), (10, 25)):
        first = datetime(2025, month, day, tzinfo=UTC) - timedelta(days=1)
        send(meter_amqp_url, device["id"], [(first + TEN_MINUTES * number, 0.1) for number in range(1, 4 * 144 + 1)])
    return device


@pytest.mark.parametrize(
    ("zone", "date", "kwh"),
    [
        ("Europe/Berlin", "2025-03-30", 13.8),
        ("Europe/Berlin", "2025-10-26", 15.0),
        ("Asia/Kolkata", "2025-10-26", 14.4),
        ("Australia/Lord_Howe", "2025-04-06", 14.7),
        ("Australia/Lord_Howe", "2025-10-05", 14.1),
    ],
)
def test_a_day_of_another_length_has_its_own_total(
    alice: Person, year: dict[str, Any], zone: str, date: str, kwh: float
) -> None:
    def total() -> float:
        day = alice.api.get("/api/monitoring/hourly/daily", device_id=year["id"], date=date, timezone=zone)
        return float(day["total_kwh"] or 0)

    wait_for(f"{date} in {zone} has {kwh} kWh", lambda: total() == pytest.approx(kwh, abs=1e-9))


@pytest.mark.parametrize("resolution", ["hour", "day", "month"])
def test_a_range_has_every_entry_and_the_same_total(alice: Person, year: dict[str, Any], resolution: str) -> None:
    asked = {"device_id": year["id"], "start": "2025-03-01T00:00:00Z", "end": "2025-05-01T00:00:00Z"}

    def all_there() -> Any:
        answer = alice.api.get("/api/monitoring/hourly/range", **asked, resolution=resolution, timezone="UTC")
        return answer if answer["total_kwh"] == pytest.approx(2 * 4 * 144 * 0.1, abs=1e-9) else None

    found = wait_for("the eight days of spring are there", all_there)

    assert set(found) >= {"data", "total_kwh", "resolution", "timezone", "completeness"}
    assert found["resolution"] == resolution
    assert len(found["data"]) == {"hour": 61 * 24, "day": 61, "month": 2}[resolution]
    assert sum(entry["kwh"] or 0 for entry in found["data"]) == pytest.approx(found["total_kwh"])


def test_a_range_of_too_many_entries_is_refused(alice: Person, year: dict[str, Any]) -> None:
    asked = {"device_id": year["id"], "start": "2020-01-01T00:00:00Z", "end": "2025-01-01T00:00:00Z"}

    assert "9" in alice.api.get("/api/monitoring/hourly/range", **asked, expect=400)["detail"]


@pytest.mark.parametrize(
    "change",
    [
        {"start": "yesterday"},
        {"start": "2025-03-01T00:00:00"},
        {"timezone": "Mars/Olympus"},
        {"resolution": "minute"},
        {"end": "2025-02-01T00:00:00Z"},
    ],
)
def test_a_bad_question_is_refused(alice: Person, year: dict[str, Any], change: dict[str, str]) -> None:
    asked: dict[str, Any] = {"device_id": year["id"], "start": "2025-03-01T00:00:00Z", "end": "2025-03-02T00:00:00Z"}
    asked.update(change)

    assert alice.api.get("/api/monitoring/hourly/range", **asked, expect=400)


def test_several_devices_may_be_asked_for_at_once(alice: Person, year: dict[str, Any], make_device: MakeDevice) -> None:
    other = make_device("Second", owner=alice)
    asked: dict[str, Any] = {"start": "2025-03-29T00:00:00Z", "end": "2025-03-30T00:00:00Z"}

    found = alice.api.get("/api/monitoring/hourly/range", device_id=[year["id"], other["id"]], **asked)

    assert found["data"]


def test_raw_readings_come_newest_first_in_pages(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Raw", owner=alice)
    start = end - timedelta(hours=1)
    send(meter_amqp_url, device["id"], hour_of(start))
    arrive(hours, device, start, 0.6)
    asked = {"device_id": device["id"], "start": rfc3339(start), "end": rfc3339(end)}

    page = alice.api.get("/api/monitoring/measurements", **asked)

    stamps = [datetime.fromisoformat(row["timestamp"]) for row in page["results"]]
    assert stamps == sorted((at for at, _ in hour_of(start)), reverse=True)
    # start < timestamp <= end: the reading at `start` belongs to the hour before.
    later = alice.api.get("/api/monitoring/measurements", **{**asked, "start": rfc3339(start + TEN_MINUTES)})
    assert len(later["results"]) == 5


def test_a_device_says_when_it_was_last_seen(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime
) -> None:
    never = make_device("Never", owner=alice)
    online = make_device("Online", owner=alice)
    now = datetime.now(UTC).replace(microsecond=0)
    send(meter_amqp_url, online["id"], [(now, 0.1)])

    def known() -> dict[str, dict[str, Any]]:
        return {device["id"]: device for device in alice.api.every("/api/monitoring/devices", page_size=500)}

    wait_for("the reading is seen", lambda: known()[online["id"]]["last_seen"])
    assert datetime.fromisoformat(known()[online["id"]]["last_seen"]) == now
    assert known()[online["id"]]["status"] == "online"
    assert (known()[never["id"]]["last_seen"], known()[never["id"]]["status"]) == (None, "never")


def test_others_see_nothing_of_it(charlie: Person, year: dict[str, Any]) -> None:
    span: dict[str, Any] = {"start": "2025-03-29T00:00:00Z", "end": "2025-03-30T00:00:00Z"}
    for device_id in (year["id"], str(uuid.uuid4())):
        charlie.api.get("/api/monitoring/hourly/range", device_id=device_id, **span, expect=404)
        charlie.api.get("/api/monitoring/hourly/daily", device_id=device_id, date="2025-03-29", expect=404)
        charlie.api.get("/api/monitoring/measurements", device_id=device_id, **span, expect=404)


def test_a_user_sees_only_its_own_period(
    admin: Person, bob: Person, alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime, hours: Hours
) -> None:
    device = make_device("Handed over", owner=alice)
    first = end - timedelta(hours=2)
    send(meter_amqp_url, device["id"], hour_of(first) + hour_of(first + timedelta(hours=1)))
    arrive(hours, device, first, 0.6)
    period = {"device_id": device["id"], "user_id": bob.id, "from": rfc3339(first + timedelta(hours=1))}
    admin.api.post("/api/mappings/assign", period, expect=201)

    def bobs() -> list[float | None]:
        found = bob.api.get(
            "/api/monitoring/hourly/range", device_id=device["id"], start=rfc3339(first), end=rfc3339(end)
        )
        return [entry["kwh"] for entry in found["data"]]

    seen = wait_for("Bob's assignment arrives", bobs)
    assert seen[-1] == pytest.approx(0.6)
    assert seen[0] is None or len(seen) == 1


def test_a_reading_of_an_unknown_device_waits_for_it(
    alice: Person, admin: Person, make_device: MakeDevice, meter_amqp_url: str
) -> None:
    unknown = str(uuid.uuid4())
    send(meter_amqp_url, unknown, hour_of(last_full_hour() - timedelta(hours=1)))

    # Nobody can make a device with a chosen id, so it stays unknown, and nothing else is disturbed by it.
    admin.api.get("/api/monitoring/hourly/daily", device_id=unknown, date="2026-01-31", expect=404)
    assert make_device("After the unknown", owner=alice)["id"]


def test_the_live_stream_brings_a_reading_as_it_comes(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str
) -> None:
    device = make_device("Live", owner=alice)
    now = datetime.now(UTC).replace(microsecond=0)

    with alice.api.http.stream("GET", "/api/monitoring/live", headers={"Accept": "text/event-stream"}) as stream:
        assert stream.status_code == 200
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = stream.iter_lines()
        send(meter_amqp_url, device["id"], [(now, 0.125)])
        block: list[str] = []
        for line in lines:
            if line:
                block.append(line)
                continue
            text, block = "\n".join(block), []
            if "event: measurement" in text and device["id"] in text:
                break

    assert "0.125" in text
    assert "data:" in text
