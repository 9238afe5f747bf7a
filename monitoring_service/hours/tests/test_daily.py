"""Alice looks at a day of her meter, in zones where days differ; Bob shares it for a while; Charlie is refused."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from service_kit.auth import Caller
from service_kit.events import Assignment, PlantCreated

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = "/api/monitoring/hourly/daily"


@pytest.fixture
def days(meter: uuid.UUID, send: Callable[..., Any]) -> None:
    """0.1 kWh every ten minutes from a day before to two days after DAY."""
    for number in range(-1, 3):
        send(ten_minutes(DAY + timedelta(days=number), [0.1] * 144))


def test_alice_sees_her_day(days: None, client_for: ClientFor, alice: Caller) -> None:
    answer = client_for(alice).get(ADDRESS, {"device_id": METER, "date": "2026-03-10"})

    assert answer.status_code == 200
    body = answer.json()
    assert (body["device_id"], body["date"], body["timezone"]) == (str(METER), "2026-03-10", "UTC")
    assert body["total_kwh"] == pytest.approx(14.4)
    assert len(body["hours"]) == 24
    assert body["hours"][0] == {
        "start": "2026-03-10T00:00:00Z",
        "kwh": pytest.approx(0.6),
        "readings": 6,
        "expected": 6,
        "quality": "measured",
    }


@pytest.mark.parametrize(
    ("zone", "day", "entries", "kwh"),
    [
        ("Europe/Rome", "2026-03-29", 23, 13.8),
        ("Europe/Rome", "2026-10-25", 25, 15.0),
        ("America/New_York", "2026-03-08", 23, 13.8),
        ("Australia/Lord_Howe", "2026-04-05", 25, 14.7),
        ("Australia/Lord_Howe", "2026-10-04", 24, 14.1),
        ("Asia/Kolkata", "2026-03-10", 24, 14.4),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(
    meter: uuid.UUID,
    send: Callable[..., Any],
    client_for: ClientFor,
    alice: Caller,
    zone: str,
    day: str,
    entries: int,
    kwh: float,
) -> None:
    noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    send(ten_minutes(noon - timedelta(hours=36), [0.1] * 6 * 72))

    body = client_for(alice).get(ADDRESS, {"device_id": METER, "date": day, "timezone": zone}).json()

    assert len(body["hours"]) == entries
    assert body["total_kwh"] == pytest.approx(kwh, abs=1e-9)
    assert {hour["quality"] for hour in body["hours"]} == {"measured"}
    assert all(hour["readings"] == hour["expected"] for hour in body["hours"])


def test_an_hour_without_readings_is_null_and_never_zero(
    meter: uuid.UUID, send: Callable[..., Any], client_for: ClientFor, alice: Caller
) -> None:
    send(ten_minutes(DAY, [0.1] * 5))

    body = client_for(alice).get(ADDRESS, {"device_id": METER, "date": "2026-03-10"}).json()

    assert [(h["kwh"], h["readings"], h["expected"], h["quality"]) for h in body["hours"][:2]] == [
        (pytest.approx(0.5), 5, 6, "partial"),
        (None, 0, 6, "missing"),
    ]


def test_a_day_with_nothing_has_no_total(meter: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    body = client_for(alice).get(ADDRESS, {"device_id": METER, "date": "2026-03-10"}).json()

    assert body["total_kwh"] is None


def test_the_plants_zone_is_the_days(deliver: Callable[..., None], client_for: ClientFor, alice: Caller) -> None:
    plant = uuid.uuid4()
    deliver(PlantCreated(id=plant, name="House", timezone="Europe/Rome"))
    deliver(device_event(owners=[alice], plant_id=plant))

    body = client_for(alice).get(ADDRESS, {"device_id": METER, "date": "2026-03-10"}).json()

    assert body["timezone"] == "Europe/Rome"
    assert body["hours"][0]["start"] == "2026-03-10T00:00:00+01:00"


def test_charlie_is_told_nothing_and_the_admin_everything(
    days: None, client_for: ClientFor, charlie: Caller, admin: Caller
) -> None:
    question = {"device_id": METER, "date": "2026-03-10"}

    assert client_for(charlie).get(ADDRESS, question).status_code == 404
    assert client_for(None).get(ADDRESS, question).status_code == 401
    assert client_for(admin).get(ADDRESS, question).json()["total_kwh"] == pytest.approx(14.4)


def test_bob_sees_only_his_own_period_to_the_quarter(
    days: None, deliver: Callable[..., None], client_for: ClientFor, alice: Caller, bob: Caller
) -> None:
    since, until = DAY + timedelta(hours=10, minutes=30), DAY + timedelta(hours=20)
    deliver(device_event(owners=[alice, Assignment(user_id=bob.id, from_=since, to=until)]), version=2)

    body = client_for(bob).get(ADDRESS, {"device_id": METER, "date": "2026-03-10"}).json()

    assert body["total_kwh"] == pytest.approx(9.5 * 0.6)
    assert [h["kwh"] for h in body["hours"][9:12]] == [None, pytest.approx(0.3), pytest.approx(0.6)]
    assert body["hours"][20]["quality"] == "missing"


@pytest.mark.parametrize(
    "question",
    [
        {"device_id": "x", "date": "2026-03-10"},
        {"device_id": str(METER), "date": "yesterday"},
        {"device_id": str(METER), "date": "1850-01-01"},
        {"device_id": str(METER)},
        {"device_id": str(METER), "date": "2026-03-10", "timezone": "Mars/Olympus"},
    ],
)
def test_a_bad_question_is_refused(
    meter: uuid.UUID, client_for: ClientFor, alice: Caller, question: dict[str, str]
) -> None:
    assert client_for(alice).get(ADDRESS, question).status_code == 400


def test_a_day_takes_few_queries(
    days: None, client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)

    with django_assert_max_num_queries(5):
        client.get(ADDRESS, {"device_id": METER, "date": "2026-03-10"})
