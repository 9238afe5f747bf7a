"""A register meter is replaced: on record once, with who noted it."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from device_service.devices.models import Device
from service_kit.auth import Caller

CHANGE = {"at": "2026-01-31T12:00:00+01:00", "final_register": 48211.7, "first_register": 0.2, "note": "calibration"}


@pytest.fixture
def url(make_device: Callable[..., Device]) -> str:
    return f"/api/devices/{make_device(reading='register_kwh').pk}/meter-change"


def test_a_change_is_on_record_once_however_often_it_is_sent(by_admin: APIClient, url: str, admin: Caller) -> None:
    first, again = by_admin.post(url, CHANGE), by_admin.post(url, CHANGE)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    (kept,) = by_admin.get(url).json()["results"]
    assert (kept["at"], kept["final_register"], kept["first_register"], kept["note"], kept["noted_by"]) == (
        "2026-01-31T11:00:00Z", 48211.7, 0.2, "calibration", str(admin.id),
    )  # fmt: skip


def test_the_others_are_told_of_each_change_once(
    by_admin: APIClient, url: str, published: Callable[[], list[Any]]
) -> None:
    by_admin.post(url, CHANGE)
    by_admin.post(url, CHANGE)

    created, updated = published()
    assert (created.event.meter_changes, updated.version) == ([], 2)
    (told,) = updated.event.meter_changes
    assert (told.at, told.final_register, told.first_register) == (datetime(2026, 1, 31, 11, tzinfo=UTC), 48211.7, 0.2)


def test_what_happened_is_not_rewritten(by_admin: APIClient, url: str) -> None:
    by_admin.post(url, CHANGE)
    answer = by_admin.post(url, {**CHANGE, "first_register": 1})
    assert answer.status_code == 409
    assert "A change from 48211.7 to 0.2 is on record" in answer.json()["detail"]
    assert by_admin.get(url).json()["count"] == 1


def test_only_a_register_can_be_changed(by_admin: APIClient, make_device: Callable[..., Device]) -> None:
    answer = by_admin.post(f"/api/devices/{make_device(reading='power_w').pk}/meter-change", CHANGE)
    assert answer.status_code == 409
    assert "'Kitchen' reads power_w" in answer.json()["detail"]
    assert by_admin.post(f"/api/devices/{uuid.uuid4()}/meter-change", CHANGE).status_code == 404
    assert by_admin.get(f"/api/devices/{uuid.uuid4()}/meter-change").status_code == 404


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"final_register": -1}, "final_register", "-1.0 is less than 0"),
        ({"first_register": None}, "first_register", "null"),
        ({"at": "2026-01-31T12:00:00"}, "at", "has no offset"),
        ({"at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "at", "lies ahead"),
    ],
)
def test_what_cannot_be_is_refused_and_named(
    by_admin: APIClient, url: str, change: dict[str, Any], field: str, says: str
) -> None:
    answer = by_admin.post(url, {**CHANGE, **change})
    assert answer.status_code == 400
    assert says in answer.json()[field][0]


def test_the_list_takes_four_queries(by_admin: APIClient, url: str, django_assert_num_queries: Any) -> None:
    for day in range(1, 6):
        by_admin.post(url, {**CHANGE, "at": f"2026-01-0{day}T00:00:00Z"})
    with django_assert_num_queries(4):  # the caller's copy, the device, the count, the page
        assert [c["at"][:10] for c in by_admin.get(url).json()["results"]][:2] == ["2026-01-05", "2026-01-04"]
