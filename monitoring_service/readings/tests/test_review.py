"""A reading that cannot be is held: it counts when an operator accepts it, and never by itself."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, TEN_MINUTES, device_event, reading, ten_minutes
from monitoring_service.readings.models import DoubtfulReading, Reading
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
Deliver = Callable[..., None]
Send = Callable[..., Any]
Hours = Callable[..., Any]
HELD = "/api/monitoring/held"


@pytest.fixture
def oven(deliver: Deliver, alice: Caller) -> None:
    """Alice's oven takes 3 kW: more than 0.75 kWh in ten minutes is one and a half times what it can."""
    deliver(device_event(owners=[alice], rated_power_w=3000))


@pytest.fixture
def by_admin(client_for: ClientFor, admin: Caller) -> Any:
    return client_for(admin)


def held(client: Any, **question: Any) -> list[dict[str, Any]]:
    return list(client.get(HELD, question).json()["results"])


def test_an_implausible_reading_waits_for_the_operator(oven: None, send: Send, hours: Hours, by_admin: Any) -> None:
    send(ten_minutes(DAY, [0.5, 80, 0.5, 0.5, 0.5, 0.5]))

    (waiting,) = held(by_admin)
    assert (waiting["device_id"], waiting["device_name"], waiting["value"]) == (str(METER), "Kitchen", 80)
    assert (waiting["reason"], waiting["decision"]) == ("implausible", None)
    assert waiting["timestamp"] == "2026-03-10T00:20:00Z"
    assert hours()[DAY].kwh == pytest.approx(2.5)


def test_accepted_it_counts(oven: None, send: Send, hours: Hours, by_admin: Any, admin: Caller) -> None:
    send(ten_minutes(DAY, [0.5, 80, 0.5, 0.5, 0.5, 0.5]))
    (waiting,) = held(by_admin)

    first, again = (by_admin.post(f"{HELD}/{waiting['id']}/accept") for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert (first.json()["decision"], first.json()["decided_by"]) == ("accepted", str(admin.id))
    assert first.json() == again.json()
    assert hours()[DAY].kwh == pytest.approx(82.5)
    assert held(by_admin) == []
    assert [row["id"] for row in held(by_admin, decision="accepted")] == [waiting["id"]]
    assert send(reading(DAY + 2 * TEN_MINUTES, 80)).duplicates == 1
    assert hours()[DAY].kwh == pytest.approx(82.5)


def test_discarded_it_never_counts(oven: None, send: Send, hours: Hours, by_admin: Any) -> None:
    send(ten_minutes(DAY, [0.5, 80]))
    (waiting,) = held(by_admin)

    assert by_admin.post(f"{HELD}/{waiting['id']}/discard").status_code == 200

    send(ten_minutes(DAY, [0.5, 80, 0.5]))
    assert hours()[DAY].kwh == pytest.approx(1.0)
    assert held(by_admin) == []
    answer = by_admin.post(f"{HELD}/{waiting['id']}/accept")
    assert answer.status_code == 409
    assert "was discarded" in answer.json()["detail"]


def test_a_correction_takes_it_off_the_list(oven: None, send: Send, hours: Hours, by_admin: Any) -> None:
    send(ten_minutes(DAY, [0.5, 80]))
    (waiting,) = held(by_admin)

    send(reading(DAY + 2 * TEN_MINUTES, 0.6))

    assert held(by_admin, decision="all") == []
    assert hours()[DAY].kwh == pytest.approx(1.1)
    assert by_admin.post(f"{HELD}/{waiting['id']}/accept").status_code == 404


def test_a_correction_that_cannot_be_either_is_held_anew(oven: None, send: Send, by_admin: Any) -> None:
    send(ten_minutes(DAY, [0.5, 80]))
    (waiting,) = held(by_admin)
    by_admin.post(f"{HELD}/{waiting['id']}/accept")

    send(reading(DAY + 2 * TEN_MINUTES, 90))

    assert [row["value"] for row in held(by_admin)] == [90]
    assert Reading.objects.get(at=DAY + 2 * TEN_MINUTES).get_state_display() == "held_implausible"


def test_a_dip_of_a_register_is_held_and_accepted_it_is_where_the_counter_stands(
    deliver: Deliver, send: Send, hours: Hours, by_admin: Any
) -> None:
    deliver(device_event(reading="register_kwh"))
    send(ten_minutes(DAY - TEN_MINUTES, [100, 101, 102, 98, 103, 104, 105]))
    (waiting,) = held(by_admin)
    assert (waiting["reason"], waiting["value"]) == ("dip", 98)
    assert hours()[DAY].kwh == pytest.approx(5)

    by_admin.post(f"{HELD}/{waiting['id']}/accept")

    assert hours()[DAY].kwh == pytest.approx(2 + (103 - 98) + 2)


def test_a_late_count_that_shows_a_dip_was_none_takes_it_off_the_list(
    deliver: Deliver, send: Send, by_admin: Any
) -> None:
    deliver(device_event(reading="register_kwh"))
    send(reading(DAY, 100), reading(DAY + TEN_MINUTES, 110), reading(DAY + 2 * TEN_MINUTES, 103))
    assert len(held(by_admin)) == 1

    send(reading(DAY + TEN_MINUTES, 102))  # the 110 was wrong

    assert held(by_admin) == []


def test_only_the_admin_decides(oven: None, send: Send, client_for: ClientFor, alice: Caller) -> None:
    send(ten_minutes(DAY, [80]))
    waiting = DoubtfulReading.objects.get()

    assert client_for(alice).get(HELD).status_code == 403
    assert client_for(alice).post(f"{HELD}/{waiting.pk}/accept").status_code == 403
    assert client_for(None).get(HELD).status_code == 401


def test_what_is_not_held_is_not_found(by_admin: Any) -> None:
    assert by_admin.post(f"{HELD}/{uuid.uuid4()}/accept").status_code == 404
    assert by_admin.get(HELD, {"decision": "maybe"}).status_code == 400


def test_the_list_takes_three_queries(oven: None, send: Send, by_admin: Any, django_assert_num_queries: Any) -> None:
    send(ten_minutes(DAY, [80.0 + n for n in range(20)]))

    with django_assert_num_queries(3):  # the caller's copy, the count, the page
        rows = held(by_admin, device_id=str(METER))

    assert [row["value"] for row in rows] == [80.0 + n for n in range(20)]
    assert rows[0]["held_at"] <= rows[-1]["held_at"]
    assert held(by_admin, device_id=str(uuid.uuid4())) == []
