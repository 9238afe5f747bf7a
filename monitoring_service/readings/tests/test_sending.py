"""Readings by HTTP: a meter with its own credential, or the administrator; each refused reading is named by its place."""

import base64
import hashlib
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from monitoring_service.conftest import DAY, METER, device_event, reading, ten_minutes
from service_kit.auth import Caller
from service_kit.events import DeviceDeleted, MeterCredential

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
Deliver = Callable[..., None]
ADDRESS = "/api/monitoring/measurements"
SECRET = "the-meter's-own-secret"
OTHER = uuid.UUID("22222222-2222-4222-8222-222222222222")


def credential(secret: str | None = SECRET) -> MeterCredential:
    return MeterCredential(digest=None if secret is None else hashlib.sha256(secret.encode()).hexdigest())


def as_meter(name: object = METER, secret: str = SECRET) -> Any:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION="Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode())
    return client


@pytest.fixture
def signed_meter(deliver: Deliver, alice: Caller) -> None:
    """Alice's meter, with a credential of its own."""
    deliver(device_event(owners=[alice], credential=credential()))


def test_a_meter_sends_its_own_readings(signed_meter: None, hours: Callable[..., Any]) -> None:
    answer = as_meter().post(ADDRESS, ten_minutes(DAY, [0.1] * 6))

    assert (answer.status_code, answer.json()) == (202, {"accepted": 6, "duplicates": 0, "rejected": []})
    assert as_meter().post(ADDRESS, ten_minutes(DAY, [0.1] * 6)).json()["duplicates"] == 6
    assert hours()[DAY].kwh == pytest.approx(0.6)


def test_a_meter_speaks_for_itself_alone(signed_meter: None, deliver: Deliver, hours: Callable[..., Any]) -> None:
    deliver(device_event(OTHER))

    answer = as_meter().post(ADDRESS, [*ten_minutes(DAY, [0.1]), reading(DAY, 5, OTHER)])

    assert answer.status_code == 403
    assert str(OTHER) in answer.json()["detail"]
    assert hours() == {}
    assert hours(OTHER) == {}


def test_a_meter_reads_nothing(signed_meter: None) -> None:
    assert as_meter().get(ADDRESS, {"device_id": METER}).status_code == 401
    assert as_meter().get("/api/monitoring/devices").status_code == 401


@pytest.mark.parametrize(
    ("name", "secret"),
    [(METER, "wrong"), (METER, ""), (OTHER, SECRET), ("kitchen", SECRET), (uuid.uuid4(), SECRET), ("", "")],
)
def test_a_wrong_credential_is_refused(signed_meter: None, deliver: Deliver, name: object, secret: str) -> None:
    deliver(device_event(OTHER))

    answer = as_meter(name, secret).post(ADDRESS, ten_minutes(DAY, [0.1]))

    assert answer.status_code == 401
    assert answer.json()["detail"]


def test_a_new_secret_ends_the_former_and_a_revoked_one_ends_at_once(signed_meter: None, deliver: Deliver) -> None:
    deliver(device_event(credential=credential("the new one")), version=2)
    assert as_meter().post(ADDRESS, ten_minutes(DAY, [0.1])).status_code == 401
    assert as_meter(secret="the new one").post(ADDRESS, ten_minutes(DAY, [0.1])).status_code == 202

    deliver(device_event(credential=credential(None)), version=3)
    assert as_meter(secret="the new one").post(ADDRESS, ten_minutes(DAY, [0.1])).status_code == 401


def test_the_credential_of_a_deleted_device_ends(signed_meter: None, deliver: Deliver) -> None:
    deliver(DeviceDeleted(id=METER), version=2)

    assert as_meter().post(ADDRESS, ten_minutes(DAY, [0.1])).status_code == 401


def test_a_request_costs_one_look_at_the_credential(
    signed_meter: None, django_assert_max_num_queries: Any, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(1):
        as_meter(secret="wrong").post(ADDRESS, ten_minutes(DAY, [0.1]))
    with django_assert_max_num_queries(16):
        as_meter().post(ADDRESS, ten_minutes(DAY, [0.1] * 144))


def test_the_admin_sends_readings_and_learns_which_were_refused(
    meter: uuid.UUID, client_for: ClientFor, admin: Caller, hours: Callable[..., Any]
) -> None:
    good = ten_minutes(DAY, [0.1] * 6)
    bad = {**good[0], "timestamp": "2026-03-10T00:00:00"}

    answer = client_for(admin).post(ADDRESS, [good[0], bad, *good[1:], good[0], reading(DAY, -1)])

    assert answer.status_code == 202
    body = answer.json()
    assert (body["accepted"], body["duplicates"]) == (6, 1)
    assert [row["index"] for row in body["rejected"]] == [1, 8]
    assert "2026-03-10T00:00:00" in body["rejected"][0]["error"]
    assert hours()[DAY].kwh == pytest.approx(0.6)


def test_no_number_is_no_reason_to_refuse_its_neighbours(
    meter: uuid.UUID, client_for: ClientFor, admin: Caller, hours: Callable[..., Any]
) -> None:
    body = json.dumps([*ten_minutes(DAY, [0.1]), reading(DAY, float("nan"))])

    answer = client_for(admin).post(ADDRESS, body, content_type="application/json")

    assert answer.json()["accepted"] == 1
    assert "NaN" in answer.json()["rejected"][0]["error"]


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ('{"device_id": "x"}', 400, "list"),
        ("", 400, "list"),
        ("[", 400, "not JSON"),
        ("[]", 400, "empty list"),
        (json.dumps([reading(DAY, 1)] * 1_001), 400, "at most 1,000"),
        ("[" + " " * 1024 * 1024, 413, "smaller lists"),
    ],
)
def test_a_broken_body_is_refused_as_a_whole(
    meter: uuid.UUID, client_for: ClientFor, admin: Caller, body: str, status: int, says: str
) -> None:
    answer = client_for(admin).post(ADDRESS, body, content_type="application/json")

    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_nobody_else_may_send(meter: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    assert client_for(alice).post(ADDRESS, ten_minutes(DAY, [0.1])).status_code == 403
    assert client_for(None).post(ADDRESS, ten_minutes(DAY, [0.1])).status_code == 401
