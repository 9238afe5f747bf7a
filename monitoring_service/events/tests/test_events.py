"""Devices report; whoever may see them reads and acknowledges."""

import hashlib
import uuid
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from monitoring_service.conftest import DAY, METER, device_event
from monitoring_service.devices.services import note_connections
from monitoring_service.events.models import DeviceEvent
from monitoring_service.readings.mqtt import Connection
from service_kit.auth import Caller
from service_kit.events import Assignment, MeterCredential

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = "/api/monitoring/events"


@pytest.fixture
def fault(meter: uuid.UUID, client_for: ClientFor, admin: Caller) -> dict[str, Any]:
    sent = {"device_id": METER, "code": "F-023", "severity": "high", "timestamp": DAY.isoformat()}
    answer = client_for(admin).post(ADDRESS, sent)
    assert answer.status_code == 201
    return dict(answer.json())


def listed(client_for: ClientFor, caller: Caller, **filters: Any) -> list[str]:
    answer = client_for(caller).get(ADDRESS, filters)
    assert answer.status_code == 200
    return [row["id"] for row in answer.json()["results"]]


def test_alice_reads_and_acknowledges_and_the_first_word_stays(
    fault: dict[str, Any], client_for: ClientFor, alice: Caller, admin: Caller
) -> None:
    assert (fault["device_name"], fault["timestamp"], fault["acknowledged_at"]) == (
        "Kitchen", "2026-03-10T00:00:00Z", None
    )  # fmt: skip
    assert listed(client_for, alice, acknowledged="false") == [fault["id"]]

    done = client_for(alice).post(f"{ADDRESS}/{fault['id']}/acknowledge", {"note": "Fuse replaced"}).json()
    again = client_for(admin).post(f"{ADDRESS}/{fault['id']}/acknowledge", {"note": "Me too"}).json()

    assert (done["note"], done["acknowledged_by"]) == ("Fuse replaced", str(alice.id))
    assert again == done
    assert listed(client_for, alice, acknowledged="false") == []


def test_the_same_event_sent_again_is_one(fault: dict[str, Any], client_for: ClientFor, admin: Caller) -> None:
    again = client_for(admin).post(ADDRESS, {"device_id": METER, "code": "F-023", "timestamp": fault["timestamp"]})

    assert (again.status_code, again.json()["id"], again.json()["severity"]) == (200, fault["id"], "high")


def test_bob_sees_those_of_his_period_and_charlie_none(
    fault: dict[str, Any],
    deliver: Callable[..., None],
    client_for: ClientFor,
    alice: Caller,
    bob: Caller,
    charlie: Caller,
) -> None:
    period = Assignment(user_id=bob.id, from_=DAY + timedelta(hours=1))
    deliver(device_event(owners=[alice, period]), version=2)

    for caller in (bob, charlie):
        assert listed(client_for, caller) == []
        assert client_for(caller).post(f"{ADDRESS}/{fault['id']}/acknowledge").status_code == 404
    assert client_for(alice).post(ADDRESS, {"device_id": METER, "code": "x"}).status_code == 403


def test_a_meter_reports_as_itself_alone(meter: uuid.UUID, deliver: Callable[..., None], alice: Caller) -> None:
    digest = hashlib.sha256(b"secret").hexdigest()
    deliver(device_event(owners=[alice], credential=MeterCredential(digest=digest)), version=2)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Basic " + b64encode(f"{METER}:secret".encode()).decode())

    assert client.post(ADDRESS, {"device_id": METER, "code": "boot"}).status_code == 201
    assert client.post(ADDRESS, {"device_id": uuid.uuid4(), "code": "boot"}).status_code == 403
    assert client.get(ADDRESS).status_code == 401


def test_a_lost_connection_is_an_event_and_the_same_word_again_is_not(meter: uuid.UUID) -> None:
    begin = int(DAY.timestamp() * 1e6)

    for minute, online in ((0, True), (1, True), (2, False), (3, False), (4, True)):
        note_connections([Connection(str(METER), online, begin + minute * 60_000_000)])

    kept = DeviceEvent.objects.order_by("at").values_list("code", "severity", "at")
    assert list(kept) == [
        ("disconnected", "medium", DAY + timedelta(minutes=2)),
        ("connected", "low", DAY + timedelta(minutes=4)),
    ]


def test_events_are_found_by_what_they_are(
    fault: dict[str, Any], client_for: ClientFor, admin: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(admin)
    for n in range(30):
        at = (DAY + timedelta(minutes=n + 1)).isoformat()
        client.post(ADDRESS, {"device_id": METER, "code": "tick", "timestamp": at})

    with django_assert_max_num_queries(3):
        page = client.get(ADDRESS, {"page_size": 10}).json()
    assert (page["count"], len(page["results"]), page["results"][0]["code"]) == (31, 10, "tick")
    assert listed(client_for, admin, severity="high") == [fault["id"]]
    assert listed(client_for, admin, code="F-023", device_id=METER) == [fault["id"]]
    assert listed(client_for, admin, end=(DAY + timedelta(minutes=1)).isoformat()) == [fault["id"]]
    assert len(listed(client_for, admin, start=(DAY + timedelta(minutes=29)).isoformat())) == 2
    assert listed(client_for, admin, device_id=uuid.uuid4()) == []


@pytest.mark.parametrize(
    "change",
    [
        {"device_id": "x"},
        {"code": ""},
        {"code": "a" * 65},
        {"severity": "fatal"},
        {"timestamp": "2026-03-10T00:00:00"},
        {"timestamp": "1999-12-31T23:59:59Z"},
        {"timestamp": (datetime.now(UTC) + timedelta(days=2)).isoformat()},
        {"timestamp": "now"},
    ],
)
def test_a_bad_event_is_refused(meter: uuid.UUID, client_for: ClientFor, admin: Caller, change: dict[str, Any]) -> None:
    assert client_for(admin).post(ADDRESS, {"device_id": METER, "code": "F", **change}).status_code == 400


def test_an_event_of_an_unknown_device_is_refused(db: None, client_for: ClientFor, admin: Caller) -> None:
    assert client_for(admin).post(ADDRESS, {"device_id": METER, "code": "F"}).status_code == 404
