"""The copies of devices, users and plants follow their owners' events, whatever order these come in."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import METER, device_event, reading
from service_kit.auth import Caller
from service_kit.events import DeviceDeleted, ForecastIssued, ForecastPoint, ProfileUpdated, UserCreated, UserDeleted

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
Deliver = Callable[..., None]


def seen_by(client_for: ClientFor, caller: Caller) -> list[dict[str, Any]]:
    return list(client_for(caller).get("/api/monitoring/devices").json()["results"])


def test_everyone_sees_the_devices_that_are_or_were_theirs(
    deliver: Deliver, client_for: ClientFor, alice: Caller, bob: Caller, charlie: Caller, admin: Caller
) -> None:
    deliver(device_event(owners=[alice, bob]))
    deliver(device_event(uuid.uuid4(), owners=[charlie], name="Garage"))

    names = {c.username: [d["name"] for d in seen_by(client_for, c)] for c in (alice, bob, charlie, admin)}

    assert names == {"alice": ["Kitchen"], "bob": ["Kitchen"], "charlie": ["Garage"], "admin": ["Garage", "Kitchen"]}


def test_devices_are_found_by_a_part_of_their_name(deliver: Deliver, client_for: ClientFor, alice: Caller) -> None:
    deliver(device_event(owners=[alice]))
    client = client_for(alice)

    def found(search: str) -> Any:
        return client.get("/api/monitoring/devices", {"search": search})

    assert [found(text).json()["count"] for text in ("itch", "KITCHEN", "garage", "")] == [1, 1, 0, 1]
    assert found("\0").status_code == 400


def test_the_highest_version_wins(deliver: Deliver, client_for: ClientFor, alice: Caller, bob: Caller) -> None:
    deliver(device_event(owners=[bob], name="Second"), version=2)
    deliver(device_event(owners=[alice], name="First"), version=1)

    assert seen_by(client_for, alice) == []
    assert [d["name"] for d in seen_by(client_for, bob)] == ["Second"]


def test_a_deleted_device_does_not_come_back(deliver: Deliver, client_for: ClientFor, alice: Caller) -> None:
    deliver(device_event(owners=[alice]), version=1)
    deliver(DeviceDeleted(id=METER), version=3)
    deliver(device_event(owners=[alice]), version=2)

    assert seen_by(client_for, alice) == []
    answer = client_for(alice).get("/api/monitoring/hourly/daily", {"device_id": METER, "date": "2026-03-10"})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("minutes", "status"), [(None, "never"), (5, "online"), (19, "online"), (25, "late"), (60, "silent")]
)
def test_a_device_is_on_time_by_its_own_interval(
    meter: uuid.UUID,
    send: Callable[..., Any],
    client_for: ClientFor,
    alice: Caller,
    minutes: int | None,
    status: str,
) -> None:
    if minutes is not None:
        send(reading(datetime.now(UTC) - timedelta(minutes=minutes), 0.1))

    (device,) = seen_by(client_for, alice)

    assert device["status"] == status
    assert (device["last_seen"] is None) == (minutes is None)


def test_the_list_takes_the_same_queries_for_one_and_for_many(
    deliver: Deliver, client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        deliver(device_event(uuid.uuid4(), owners=[alice]))
    client = client_for(alice)

    with django_assert_max_num_queries(3):
        assert len(client.get("/api/monitoring/devices").json()["results"]) == 20


def test_users_see_themselves_and_the_admin_everybody(
    deliver: Deliver, client_for: ClientFor, alice: Caller, bob: Caller, admin: Caller
) -> None:
    for person in (alice, bob, admin):
        role: Any = person.role
        email = f"{person.username}@example.com"
        deliver(UserCreated(id=person.id, username=person.username, email=email, role=role, is_active=True))
    deliver(ProfileUpdated(id=alice.id, first_name="Alice", last_name="Liddell", phone="", timezone="Europe/London"))

    (me,) = client_for(alice).get("/api/monitoring/users").json()["results"]
    everybody = client_for(admin).get("/api/monitoring/users").json()["results"]

    assert (me["username"], me["first_name"], me["timezone"]) == ("alice", "Alice", "Europe/London")
    assert [user["username"] for user in everybody] == ["admin", "alice", "bob"]


def test_a_deleted_users_token_is_refused_and_the_profile_is_gone(
    deliver: Deliver, client_for: ClientFor, alice: Caller, admin: Caller
) -> None:
    account: dict[str, Any] = {
        "id": alice.id,
        "username": "alice",
        "email": "a@example.com",
        "role": "client",
        "is_active": True,
    }
    deliver(UserCreated(**account))
    deliver(UserDeleted(id=alice.id), version=2)
    deliver(ProfileUpdated(id=alice.id, first_name="Alice", last_name="Liddell", phone="", timezone="UTC"), version=5)

    assert client_for(alice).get("/api/monitoring/devices").status_code == 401
    assert client_for(admin).get("/api/monitoring/users").json()["results"] == []


def test_a_forecast_is_kept_until_a_newer_one_comes(deliver: Deliver) -> None:
    from monitoring_service.forecasts.models import IssuedForecast

    scope = f"device_{METER}"
    now = datetime(2026, 3, 10, tzinfo=UTC)
    points = [ForecastPoint(start=now, kwh=1.0, lower_80=0.5, upper_80=1.5)]
    deliver(ForecastIssued(scope=scope, model="sarimax", issued_at=now, points=points), version=2)
    deliver(ForecastIssued(scope=scope, model="naive", issued_at=now, points=points), version=1)

    kept = IssuedForecast.objects.get(pk=scope)
    assert kept.model == "sarimax"
    assert kept.points == [{"start": "2026-03-10T00:00:00Z", "kwh": 1.0, "lower_80": 0.5, "upper_80": 1.5}]
