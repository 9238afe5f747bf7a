"""What this service holds of a person, and that it is gone with the person."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from forecast_service.conftest import NOON
from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.training.models import Job
from service_kit.auth import Caller
from service_kit.events import UserDeleted

pytestmark = pytest.mark.django_db


def forecast(scope: str, **fields: Any) -> Forecast:
    energies = {name: [0.5, 0.6] for name in ("kwh", "lower_80", "upper_80", "lower_95", "upper_95")}
    return Forecast.objects.create(
        scope=scope, kind="consumption", model="sarimax", basis="", zone="UTC", issued_at=NOON, **energies,
        **{"history_until": NOON, **fields},
    )  # fmt: skip


@pytest.fixture
def exported(client_for: Callable[..., APIClient], a_service: Caller) -> Callable[[Caller], dict[str, Any]]:
    def get(person: Caller) -> dict[str, Any]:
        answer: Any = client_for(a_service).get(f"/internal/users/{person.id}/export")
        return json.loads(b"".join(answer.streaming_content))

    return get


def test_the_forecasts_of_all_that_is_the_persons(
    exported: Callable[[Caller], dict[str, Any]], alice: Caller, bob: Caller, django_assert_num_queries: Any
) -> None:
    forecast(f"user_{alice.id}_all", history_until=NOON - timedelta(hours=1), is_current=False)
    forecast(f"user_{alice.id}_all")
    forecast(f"user_{bob.id}_all")
    Job.objects.create(scope=f"device_{uuid.uuid4()}", kind="consumption", asked="auto", created_by=alice.id)
    with django_assert_num_queries(3):
        hers = exported(alice)
    assert [(f["history_until"], f["kwh"]) for f in hers["forecasts"]] == [
        ("2026-03-02T11:00:00Z", [0.5, 0.6]),
        ("2026-03-02T12:00:00Z", [0.5, 0.6]),
    ]
    assert [t["asked"] for t in hers["trainings"]] == ["auto"]


def test_with_the_person_they_go_and_the_others_stay(
    exported: Callable[[Caller], dict[str, Any]], tell_of: Callable[..., None], deliver: Callable[..., None],
    traces: Callable[..., list[str]], alice: Caller, bob: Caller,
) -> None:  # fmt: skip
    tell_of(alice, bob)
    hers, device, his = f"user_{alice.id}_all", f"device_{uuid.uuid4()}", f"user_{bob.id}_all"
    for scope in (hers, device, his):
        forecast(scope)
        Plan.objects.create(scope=scope, kind="consumption", due_until=NOON)
    deliver(UserDeleted(id=alice.id), version=2)
    assert set(Forecast.objects.values_list("scope", flat=True)) == {device, his}
    assert set(Plan.objects.values_list("scope", flat=True)) == {device, his}
    assert traces("alice") == []
    assert exported(alice) == {"forecasts": [], "trainings": [], "models": []}
