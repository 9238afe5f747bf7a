"""Forecasts over the API: scopes, horizons, refusals."""

import math
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from device_simulator.meters import Meter, readings_between
from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.meters import last_full_hour, send

POINT_FIELDS = {"start", "kwh", "lower_80", "upper_80", "lower_95", "upper_95"}


@pytest.fixture(scope="module")
def plant(admin: Person) -> dict[str, Any]:
    return admin.api.post("/api/plants", {"name": f"Plant {uuid.uuid4().hex[:6]}", "timezone": "UTC"}, expect=201)


@pytest.fixture(scope="module")
def end() -> datetime:
    return last_full_hour()


@pytest.fixture(scope="module")
def meter(
    alice: Person, plant: dict[str, Any], make_device: MakeDevice, meter_amqp_url: str, end: datetime
) -> dict[str, Any]:
    """A simulated home with five weeks of past, known to the forecast."""
    device = make_device("Forecast", owner=alice, plant=plant["id"])
    fill(meter_amqp_url, device, end, days=35)
    wait_until_known(alice, device, end)
    return device


def fill(url: str, device: dict[str, Any], end: datetime, *, days: int) -> None:
    until = end.timestamp()
    shown = readings_between([Meter(device["id"])], until - days * 86_400, until)
    send(url, device["id"], [(datetime.fromtimestamp(r.instant, end.tzinfo), r.value) for r in shown])


def wait_until_known(person: Person, device: dict[str, Any], end: datetime) -> None:
    def look() -> bool:
        found = person.api.get("/api/forecasts", device_id=device["id"])
        return datetime.fromisoformat(found["points"][0]["start"]) == end

    wait_for("the history reaches the forecast", look, within=90)


def check(found: dict[str, Any], *, horizon: int, end: datetime) -> None:
    assert set(found) >= {
        *("scope", "model", "issued_at", "history_until", "horizon", "points", "accuracy", "fallback"),
    }
    starts = [datetime.fromisoformat(point["start"]) for point in found["points"]]
    assert starts == [end + timedelta(hours=number) for number in range(horizon)]
    for point in found["points"]:
        assert set(point) >= POINT_FIELDS
        assert 0 <= point["lower_95"] <= point["lower_80"] <= point["kwh"] <= point["upper_80"] <= point["upper_95"]


@pytest.mark.parametrize("horizon", [1, 24, 168])
def test_every_horizon_begins_after_the_last_complete_hour(
    alice: Person, meter: dict[str, Any], end: datetime, horizon: int
) -> None:
    found = alice.api.get("/api/forecasts", device_id=meter["id"], horizon=horizon)

    check(found, horizon=horizon, end=end)
    assert found["scope"] == f"device_{meter['id']}"
    assert found["horizon"] == horizon


def test_without_a_horizon_it_is_a_day(alice: Person, meter: dict[str, Any], end: datetime) -> None:
    check(alice.api.get("/api/forecasts", device_id=meter["id"]), horizon=24, end=end)


def test_it_says_how_good_it_was(alice: Person, meter: dict[str, Any]) -> None:
    accuracy = alice.api.get("/api/forecasts", device_id=meter["id"])["accuracy"]

    assert set(accuracy) >= {"mase", "mase_baseline", "coverage_80"}


@pytest.mark.parametrize("horizon", [0, 169, -1, "soon"])
def test_a_horizon_beyond_a_week_is_refused(alice: Person, meter: dict[str, Any], horizon: object) -> None:
    assert "horizon" in str(alice.api.get("/api/forecasts", device_id=meter["id"], horizon=horizon, expect=400))


def test_a_plant_a_user_and_a_list_are_scopes_too(
    admin: Person, alice: Person, meter: dict[str, Any], plant: dict[str, Any]
) -> None:
    for asked in (
        {"scope": f"device_{meter['id']}"},
        {"scope": f"plant_{plant['id']}"},
        {"scope": f"user_{alice.id}_all"},
        {"device_ids": meter["id"]},
    ):
        for person in (alice, admin):
            assert len(person.api.get("/api/forecasts", **asked)["points"]) == 24


@pytest.mark.parametrize("asked", [{}, {"scope": "everything"}, {"device_id": "seven"}, {"scope": "device_seven"}])
def test_a_scope_that_is_none_is_refused(alice: Person, asked: dict[str, str]) -> None:
    alice.api.get("/api/forecasts", **asked, expect=400)


def test_what_one_may_not_see_has_no_forecast(
    alice: Person, charlie: Person, meter: dict[str, Any], plant: dict[str, Any]
) -> None:
    for asked in (
        {"device_id": meter["id"]},
        {"scope": f"device_{meter['id']}"},
        {"scope": f"plant_{plant['id']}"},
        {"scope": f"user_{alice.id}_all"},
        {"device_ids": meter["id"]},
        {"device_id": str(uuid.uuid4())},
    ):
        charlie.api.get("/api/forecasts", **asked, expect=404)


def test_without_any_history_there_is_a_reason_instead(alice: Person, make_device: MakeDevice) -> None:
    device = make_device("Empty", owner=alice)

    def look() -> Any:
        return alice.api.get("/api/forecasts", device_id=device["id"], expect=409)["detail"]

    assert wait_for("the device is known to the forecast", look)


def test_with_little_history_a_simpler_method_answers_and_says_so(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime
) -> None:
    device = make_device("Young", owner=alice)
    fill(meter_amqp_url, device, end, days=3)
    wait_until_known(alice, device, end)

    found = alice.api.get("/api/forecasts", device_id=device["id"])

    check(found, horizon=24, end=end)
    assert found["fallback"]


def test_the_temperature_of_the_plant_reaches_its_forecasts(
    admin: Person, alice: Person, meter: dict[str, Any], plant: dict[str, Any], end: datetime
) -> None:
    def hours(first: int, last: int) -> list[dict[str, Any]]:
        starts = [(number, end + timedelta(hours=number)) for number in range(first, last)]
        return [{"start": at.isoformat(), "value": 8 + 6 * math.sin(number / 40)} for number, at in starts]

    address = f"/api/plants/{plant['id']}/series/temperature"
    admin.api.post(address, {"unit": "°C", "values": hours(-35 * 24, 0)})
    admin.api.post(address, {"unit": "°C", "issued_at": end.isoformat(), "values": hours(0, 168)})

    def is_used(path: str, **asked: Any) -> bool:
        return "with the plant's temperature" in alice.api.get(path, device_id=meter["id"], **asked)["reason"]

    wait_for("the weather is of use", lambda: is_used("/api/forecasts", horizon=168))
    assert is_used("/api/forecasts/totals", period="day")


def test_what_is_called_normal_where_alerts_are_shown_is_so_for_the_forecast_too(
    alice: Person, make_device: MakeDevice, meter_amqp_url: str, end: datetime
) -> None:
    device = make_device("Switched off", owner=alice)
    off_since = end - timedelta(hours=8)
    fill(meter_amqp_url, device, off_since, days=20)
    wait_until_known(alice, device, off_since)
    send(meter_amqp_url, device["id"], [(off_since + timedelta(minutes=10 * n), 0.0) for n in range(1, 49)])

    def alert() -> Any:
        found = alice.api.get("/api/alerts", device_id=device["id"])["results"]
        return next((each for each in found if each["code"] == "no_consumption"), None)

    raised = wait_for("that nothing is used is told", alert, within=120)
    alice.api.patch(f"/api/alerts/{raised['id']}", {"normal": True})

    anomaly = f"/api/forecasts/anomalies/{raised['id']}"
    wait_for("it is normal where it was found", lambda: alice.api.get(anomaly)["normal"])
    wait_for("and told back as such", lambda: (found := alert()) and found["state"] == "normal")
