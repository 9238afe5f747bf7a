"""Raw readings out, newest first."""

import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring_service.conftest import DAY, METER, TEN_MINUTES, device_event, reading, ten_minutes
from service_kit.auth import Caller
from service_kit.events import Assignment

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = "/api/monitoring/measurements"


@pytest.fixture
def day(meter: uuid.UUID, send: Callable[..., Any]) -> None:
    send(ten_minutes(DAY, [n / 100 for n in range(144)]))


def test_pages_are_newest_first_and_complete(day: None, client_for: ClientFor, alice: Caller) -> None:
    client, values = client_for(alice), []
    address: str | None = f"{ADDRESS}?device_id={METER}&page_size=50"
    while address:
        page = client.get(address).json()
        values += [row["value"] for row in page["results"]]
        address = page["next"]

    assert values == [n / 100 for n in reversed(range(144))]


def test_the_start_is_excluded_and_the_end_included(day: None, client_for: ClientFor, alice: Caller) -> None:
    question = {"device_id": METER, "start": DAY.isoformat(), "end": (DAY + timedelta(hours=1)).isoformat()}

    rows = client_for(alice).get(ADDRESS, question).json()["results"]

    assert [row["timestamp"] for row in rows] == [f"2026-03-10T{m // 60:02}:{m % 60:02}:00Z" for m in range(60, 0, -10)]
    question["start"] = (DAY + TEN_MINUTES).isoformat()
    assert len(client_for(alice).get(ADDRESS, question).json()["results"]) == 5


def test_bob_sees_the_readings_of_his_period_and_charlie_none(
    day: None, deliver: Callable[..., None], client_for: ClientFor, alice: Caller, bob: Caller, charlie: Caller
) -> None:
    period = Assignment(user_id=bob.id, from_=DAY + timedelta(hours=1), to=DAY + timedelta(hours=2))
    deliver(device_event(owners=[alice, period]), version=2)

    rows = client_for(bob).get(ADDRESS, {"device_id": METER}).json()["results"]

    assert [row["timestamp"][11:16] for row in rows] == ["02:00", "01:50", "01:40", "01:30", "01:20", "01:10"]
    assert client_for(charlie).get(ADDRESS, {"device_id": METER}).status_code == 404


def test_a_page_takes_few_queries(
    day: None, client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)

    with django_assert_max_num_queries(4):
        client.get(ADDRESS, {"device_id": METER})


# Instants a microsecond apart, and the edge of a month, where another partition begins.
STEPS = [0, 1, 2, 3, 1_000_000, 1_000_001, 600_000_000, 22 * 86_400_000_000 - 1, 22 * 86_400_000_000]
INSTANTS = [DAY + timedelta(microseconds=step) for step in STEPS]


@pytest.fixture
def uneven(meter: uuid.UUID, send: Callable[..., Any]) -> None:
    send([reading(at, number) for number, at in enumerate(INSTANTS)])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(size=st.integers(1, 12), start=st.integers(-1, 8), end=st.integers(-1, 8))
def test_pages_joined_are_all_of_it_in_both_directions(
    uneven: None, client_for: ClientFor, alice: Caller, size: int, start: int, end: int
) -> None:
    client = client_for(alice)
    begin = INSTANTS[start] if start >= 0 else DAY - TEN_MINUTES
    until = INSTANTS[end] if end >= 0 else INSTANTS[-1] + TEN_MINUTES
    span = f"start={quote(begin.isoformat())}&end={quote(until.isoformat())}"
    address: str | None = f"{ADDRESS}?device_id={METER}&page_size={size}&{span}"
    there: list[list[float]] = []
    last = address
    while address:
        last, page = address, client.get(address).json()
        there.append([row["value"] for row in page["results"]])
        address = page["next"]
    back: list[list[float]] = []
    address = last
    while address:
        page = client.get(address).json()
        back.append([row["value"] for row in page["results"]])
        address = page["previous"]

    expected = [number for number, at in reversed(list(enumerate(INSTANTS))) if begin < at <= until]
    assert [value for page_ in there for value in page_] == expected
    assert [value for page_ in reversed(back) for value in page_] == expected
    assert all(len(page_) == size for page_ in there[:-1])


@pytest.mark.parametrize(
    "cursor", ["x", "%00", b64encode(b"p=yesterday").decode(), b64encode(b"p=2026-03-10").decode(), "o=1&p=7", "🙂"]
)
def test_a_cursor_that_no_page_gave_is_refused_by_name(
    day: None, client_for: ClientFor, alice: Caller, cursor: str
) -> None:
    answer = client_for(alice).get(ADDRESS, {"device_id": METER, "cursor": cursor})

    assert answer.status_code == 400
    assert cursor[:80] in answer.json()["cursor"][0]


def test_a_later_page_is_found_by_the_primary_key(
    uneven: None, client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)
    second = client.get(ADDRESS, {"device_id": METER, "page_size": 2}).json()["next"]

    with django_assert_max_num_queries(4) as captured:
        assert [row["value"] for row in client.get(second).json()["results"]] == [6, 5]
    asked = captured.captured_queries[-1]["sql"]
    assert "OFFSET" not in asked
    with connection.cursor() as cursor:
        # Nine rows would be read whole and sorted.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute("EXPLAIN " + asked)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan" in plan
    assert "Sort" not in plan
