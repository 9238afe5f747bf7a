"""Ranges of hours, days and months: every entry is there, and the totals agree."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = "/api/monitoring/hourly/range"
SPAN = {"start": "2026-03-01T00:00:00Z", "end": "2026-04-01T00:00:00Z"}


@pytest.fixture
def week(meter: uuid.UUID, send: Callable[..., Any]) -> None:
    for number in range(7):
        send(ten_minutes(DAY + timedelta(days=number), [0.1] * 144))


@pytest.mark.parametrize(("resolution", "entries"), [("hour", 31 * 24), ("day", 31), ("month", 1)])
def test_every_entry_is_there_and_the_total_is_the_same(
    week: None, client_for: ClientFor, alice: Caller, resolution: str, entries: int
) -> None:
    body = client_for(alice).get(ADDRESS, {"device_id": METER, "resolution": resolution, **SPAN}).json()

    assert len(body["data"]) == entries
    assert body["total_kwh"] == pytest.approx(7 * 14.4)
    assert (body["resolution"], body["timezone"]) == (resolution, "UTC")
    assert body["completeness"] == pytest.approx(7 / 31)
    assert sum(entry["kwh"] or 0 for entry in body["data"]) == pytest.approx(body["total_kwh"])


@pytest.mark.parametrize("zone", ["Europe/Rome", "Asia/Kolkata", "Australia/Lord_Howe"])
def test_a_day_in_any_zone_is_the_sum_of_its_hours(week: None, client_for: ClientFor, alice: Caller, zone: str) -> None:
    client = client_for(alice)
    days = client.get(ADDRESS, {"device_id": METER, "start": "2026-03-09", "end": "2026-03-19", "resolution": "day",
                                "timezone": zone}).json()  # fmt: skip

    for day in days["data"]:
        hours = client.get("/api/monitoring/hourly/daily", {"device_id": METER, "date": day["start"][:10],
                                                            "timezone": zone}).json()  # fmt: skip
        assert day["kwh"] == (None if hours["total_kwh"] is None else pytest.approx(hours["total_kwh"]))
        assert day["readings"] == sum(hour["readings"] for hour in hours["hours"])
    assert len(days["data"]) == 10
    assert days["total_kwh"] == pytest.approx(7 * 14.4)


def test_several_devices_are_summed(
    week: None, deliver: Callable[..., None], send: Callable[..., Any], client_for: ClientFor, alice: Caller
) -> None:
    other = uuid.uuid4()
    deliver(device_event(other, owners=[alice]))
    send(ten_minutes(DAY, [0.2] * 6, other))

    body = client_for(alice).get(ADDRESS, {"device_id": [METER, other], **SPAN}).json()

    assert body["total_kwh"] == pytest.approx(7 * 14.4 + 1.2)
    assert max(entry["kwh"] or 0 for entry in body["data"]) == pytest.approx(1.8)
    assert max(entry["expected"] for entry in body["data"]) == 12


def test_one_device_that_is_not_hers_refuses_all(week: None, client_for: ClientFor, alice: Caller) -> None:
    answer = client_for(alice).get(ADDRESS, {"device_id": [METER, uuid.uuid4()], **SPAN})

    assert answer.status_code == 404


def test_charlie_is_refused(week: None, client_for: ClientFor, charlie: Caller) -> None:
    assert client_for(charlie).get(ADDRESS, {"device_id": METER, **SPAN}).status_code == 404


def test_too_many_entries_are_refused_with_the_way_out(week: None, client_for: ClientFor, alice: Caller) -> None:
    question = {"device_id": METER, "start": "2020-01-01", "end": "2026-01-01"}

    answer = client_for(alice).get(ADDRESS, question)

    assert answer.status_code == 400
    assert "9,000" in answer.json()["detail"]
    assert client_for(alice).get(ADDRESS, {**question, "max_points": 1000}).json()["resolution"] == "month"


@pytest.mark.parametrize(
    "change",
    [
        {"start": "yesterday"},
        {"start": "2026-03-01T00:00:00"},
        {"start": "0001-01-01"},
        {"end": "9999-12-31"},
        {"end": "9999-12-31T23:59:59-14:00"},
        {"timezone": "../../etc/passwd"},
        {"timezone": "Europe"},
        {"timezone": "\0"},
        {"end": "2026-02-01T00:00:00Z"},
        {"end": "2026-03-01T00:00:00Z"},
        {"resolution": "minute"},
        {"timezone": "Mars/Olympus"},
        {"device_id": "x"},
        {"max_points": 0},
    ],
)
def test_a_bad_question_is_refused(week: None, client_for: ClientFor, alice: Caller, change: dict[str, Any]) -> None:
    assert client_for(alice).get(ADDRESS, {"device_id": METER, **SPAN, **change}).status_code == 400


def test_a_year_takes_as_few_queries_as_a_day(
    week: None, client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)

    with django_assert_max_num_queries(5):
        client.get(ADDRESS, {"device_id": METER, "start": "2026-01-01", "end": "2027-01-01", "resolution": "day"})
