"""What a meter sends beside its energy: voltages and powers with their units, averaged honestly."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, TEN_MINUTES, device_event, ten_minutes
from service_kit.auth import Caller
from service_kit.events import Assignment

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = f"/api/devices/{METER}/timeseries"
TWO_HOURS = {"start": "2026-03-10T00:00:00Z", "end": "2026-03-10T02:00:00Z"}


def voltage(at: datetime, value: float, unit: str = "V", name: str = "voltage") -> dict[str, Any]:
    metrics = {name: {"value": value, "unit": unit}}
    return {"timestamp": at.isoformat(), "device_id": str(METER), "metrics": metrics}


@pytest.fixture
def hour(meter: uuid.UUID, send: Callable[..., Any]) -> uuid.UUID:
    """An hour of energy and of six voltages from 228 to 233, and one voltage of the next hour."""
    send(ten_minutes(DAY, [0.1] * 6), [voltage(DAY + TEN_MINUTES * (n + 1), 228 + n) for n in range(7)])
    return meter


def test_a_voltage_is_averaged_with_its_unit_and_quality(hour: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    body = client_for(alice).get(ADDRESS, {"metric": "voltage", **TWO_HOURS}).json()

    assert (body["metric"], body["unit"], body["resolution"], body["timezone"]) == ("voltage", "V", "hour", "UTC")
    assert body["data"] == [
        {"start": "2026-03-10T00:00:00Z", "value": 230.5, "min": 228, "max": 233, "expected": 6, "readings": 6,
         "quality": "measured"},
        {"start": "2026-03-10T01:00:00Z", "value": 234, "min": 234, "max": 234, "expected": 6, "readings": 1,
         "quality": "partial"},
    ]  # fmt: skip


def test_energy_and_its_power_are_metrics_too(hour: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    client = client_for(alice)

    energy = client.get(ADDRESS, TWO_HOURS).json()
    power = client.get(ADDRESS, {"metric": "power", **TWO_HOURS}).json()

    assert (energy["unit"], [entry["value"] for entry in energy["data"]]) == ("kWh", [pytest.approx(0.6), None])
    assert (power["unit"], [entry["value"] for entry in power["data"]]) == ("W", [pytest.approx(600), None])


def test_a_power_that_is_sent_comes_before_one_that_is_derived(
    hour: uuid.UUID, send: Callable[..., Any], client_for: ClientFor, alice: Caller
) -> None:
    send(voltage(DAY + TEN_MINUTES, 650, "W", "power"))

    body = client_for(alice).get(ADDRESS, {"metric": "power", **TWO_HOURS}).json()

    assert (body["data"][0]["value"], body["data"][0]["quality"]) == (650, "partial")


def test_several_metrics_come_at_once(
    hour: uuid.UUID, client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    client = client_for(alice)
    with django_assert_max_num_queries(6):
        answer = client.post(f"{ADDRESS}/batch", {"metrics": ["voltage", "energy", "power", "voltage"], **TWO_HOURS})

    series = answer.json()["series"]
    assert [(one["metric"], one["unit"], len(one["data"])) for one in series] == [
        ("voltage", "V", 2), ("energy", "kWh", 2), ("power", "W", 2)
    ]  # fmt: skip


def test_values_in_an_older_unit_are_not_averaged_with_the_newest(
    hour: uuid.UUID, send: Callable[..., Any], client_for: ClientFor, alice: Caller
) -> None:
    send(voltage(DAY + timedelta(minutes=80), 230_000, "mV"))

    body = client_for(alice).get(ADDRESS, {"metric": "voltage", **TWO_HOURS}).json()

    assert (body["unit"], [entry["value"] for entry in body["data"]]) == ("mV", [None, 230_000])


def test_the_device_lists_what_it_has(
    hour: uuid.UUID, send: Callable[..., Any], client_for: ClientFor, alice: Caller, django_assert_max_num_queries: Any
) -> None:
    send(voltage(DAY, 0.97, "", "cos_phi"))
    client = client_for(alice)

    with django_assert_max_num_queries(4):
        body = client.get(f"{ADDRESS}/metrics").json()

    assert [(row["metric"], row["unit"]) for row in body["results"]] == [
        ("energy", "kWh"), ("power", "W"), ("cos_phi", ""), ("voltage", "V")
    ]  # fmt: skip
    assert (body["count"], body["results"][3]["last_at"]) == (4, "2026-03-10T01:10:00Z")


def test_an_unknown_metric_names_those_there_are(hour: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    answer = client_for(alice).get(ADDRESS, {"metric": "humidity", **TWO_HOURS})

    assert answer.status_code == 404
    assert "energy, power, voltage" in answer.json()["detail"]


def test_bob_sees_his_period_and_charlie_nothing(
    hour: uuid.UUID, deliver: Callable[..., None], client_for: ClientFor, alice: Caller, bob: Caller, charlie: Caller
) -> None:
    period = Assignment(user_id=bob.id, from_=DAY + timedelta(minutes=30), to=DAY + timedelta(minutes=50))
    deliver(device_event(owners=[alice, period]), version=2)

    (first, _) = client_for(bob).get(ADDRESS, {"metric": "voltage", **TWO_HOURS}).json()["data"]

    assert (first["value"], first["readings"]) == (231.5, 2)
    batch = {"metrics": ["energy"], **TWO_HOURS}
    for answer in (
        client_for(charlie).get(ADDRESS, TWO_HOURS),
        client_for(charlie).get(f"{ADDRESS}/metrics"),
        client_for(charlie).post(f"{ADDRESS}/batch", batch),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize(
    "change", [{"metrics": []}, {"metrics": ["a"] * 21}, {"start": "x"}, {"end": "2026-03-09"}, {"resolution": "week"}]
)
def test_a_bad_question_is_refused(
    hour: uuid.UUID, client_for: ClientFor, alice: Caller, change: dict[str, Any]
) -> None:
    question = {"metrics": ["energy"], **TWO_HOURS, **change}

    assert client_for(alice).post(f"{ADDRESS}/batch", question).status_code == 400
