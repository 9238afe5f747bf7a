"""What this service holds of a person, and what is left when the person is gone."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from monitoring_service.events.models import DeviceEvent
from monitoring_service.forecasts.models import IssuedForecast
from monitoring_service.readings.models import Reading
from service_kit.auth import Caller
from service_kit.events import Assignment, ForecastIssued, ForecastPoint, ProfileUpdated, UserDeleted

HOUR = timedelta(hours=1)
ClientFor = Callable[[Caller | None], Any]
Deliver = Callable[..., None]
Exported = Callable[[Caller], dict[str, Any]]


@pytest.fixture
def exported(db: None, client_for: ClientFor, a_service: Caller) -> Exported:
    def get(person: Caller) -> dict[str, Any]:
        answer = client_for(a_service).get(f"/internal/users/{person.id}/export")
        return json.loads(b"".join(answer.streaming_content))

    return get


def test_the_hours_of_the_devices_within_the_persons_periods(
    exported: Exported, deliver: Deliver, send: Callable[..., Any], alice: Caller, bob: Caller, charlie: Caller,
    django_assert_num_queries: Any,
) -> None:  # fmt: skip
    """Given a flat that was Alice's until a quarter past two, and Bob's from then on."""
    moved = DAY + 2 * HOUR + timedelta(minutes=15)
    deliver(device_event(owners=[Assignment(user_id=alice.id, to=moved), Assignment(user_id=bob.id, from_=moved)]))
    other = uuid.uuid4()
    deliver(device_event(other, owners=[charlie]))
    send(ten_minutes(DAY, [0.1] * 24))
    send(ten_minutes(DAY, [9] * 6, other))
    for hours in (1, 3):
        DeviceEvent.objects.create(device_id=METER, at=DAY + hours * HOUR, code=f"E{hours}")
    with django_assert_num_queries(6):
        hers = exported(alice)
    assert [(h["device_id"], h["start"], h["quality"]) for h in hers["hours"]] == [
        (str(METER), "2026-03-10T00:00:00Z", "measured"),
        (str(METER), "2026-03-10T01:00:00Z", "measured"),
        (str(METER), "2026-03-10T02:00:00Z", "measured"),
    ]
    assert [h["kwh"] for h in hers["hours"]] == pytest.approx([0.6, 0.6, 0.15])
    assert [(h["start"][11:16], h["kwh"]) for h in exported(bob)["hours"]] == [
        ("02:00", pytest.approx(0.45)),
        ("03:00", pytest.approx(0.6)),
    ]
    assert ([e["code"] for e in hers["events"]], [e["code"] for e in exported(bob)["events"]]) == (["E1"], ["E3"])
    assert (hers["uploads"], hers["decisions"]) == ([], [])


def test_what_an_operator_did_is_the_operators(
    exported: Exported, deliver: Deliver, send: Callable[..., Any], client_for: ClientFor, alice: Caller, admin: Caller
) -> None:
    deliver(device_event(owners=[alice], rated_power_w=3000))
    send(ten_minutes(DAY, [0.5, 80]))
    (held,) = client_for(admin).get("/api/monitoring/held").json()["results"]
    assert client_for(admin).post(f"/api/monitoring/held/{held['id']}/discard").status_code == 200
    (decision,) = exported(admin)["decisions"]
    assert (decision["device_id"], decision["value"], decision["decision"]) == (str(METER), 80, "discarded")
    assert exported(admin)["hours"] == exported(alice)["decisions"] == []


def test_with_the_person_every_trace_goes_and_what_was_shared_stays(
    deliver: Deliver, send: Callable[..., Any], tell_of: Callable[..., None], client_for: ClientFor, alice: Caller,
    bob: Caller, traces: Callable[..., list[str]], exported: Exported,
) -> None:  # fmt: skip
    deliver(device_event(owners=[alice, bob]))
    send(ten_minutes(DAY, [0.1] * 6))
    tell_of(alice, bob)
    profile = {"first_name": "Alicia", "last_name": "Verdi", "phone": "+39 011", "timezone": "Europe/Rome"}
    deliver(ProfileUpdated(id=alice.id, **profile))
    points = [ForecastPoint(start=DAY, kwh=0.6, lower_80=0.4, upper_80=0.8)]
    forecast = ForecastIssued(scope=f"user_{alice.id}_all", model="sarimax", issued_at=DAY, points=points)
    deliver(forecast)
    assert traces("alice", "Alicia", "Verdi") == [
        "people_profile: Alicia",
        "people_profile: Verdi",
        "people_user: alice",
    ]

    deliver(device_event(owners=[bob]), version=2)
    deliver(UserDeleted(id=alice.id), version=3)
    deliver(ProfileUpdated(id=alice.id, **profile), version=9)
    deliver(forecast, version=9)

    assert traces("alice", "Alicia", "Verdi", "+39 011") == []
    assert not IssuedForecast.live.exists()
    assert exported(alice)["hours"] == []
    assert Reading.objects.count() == 6
    day = client_for(bob).get("/api/monitoring/hourly/daily", {"device_id": str(METER), "date": "2026-03-10"}).json()
    assert day["total_kwh"] == pytest.approx(0.6)
