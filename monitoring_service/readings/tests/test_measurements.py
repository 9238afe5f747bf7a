"""Raw readings out, newest first."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, TEN_MINUTES, device_event, ten_minutes
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
