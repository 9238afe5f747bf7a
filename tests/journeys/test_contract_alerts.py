"""A limit that is broken and a meter that falls silent become alerts: listed, answered, and told to the meter by MQTT."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.meters import last_full_hour, send


@pytest.fixture(scope="module")
def device(alice: Person, make_device: MakeDevice, meter_amqp_url: str) -> dict[str, Any]:
    """Alice's, which took 1.8 kWh in the hour before the last one, where it should take 1, and has said nothing since."""
    device = make_device("Alerted", owner=alice, max_consumption=1)
    start = last_full_hour() - timedelta(hours=2)
    send(meter_amqp_url, device["id"], [(start + timedelta(minutes=10 * n), 0.3) for n in range(1, 7)])
    return device


@pytest.fixture(scope="module")
def alerts(alice: Person, device: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its alerts by type, when both are there."""

    def look() -> dict[str, dict[str, Any]] | None:
        found = alice.api.get("/api/alerts", device_id=device["id"])["results"]
        return {each["type"]: each for each in found} if len(found) == 2 else None

    return wait_for("both alerts are raised", look, within=120)


def test_they_say_what_is_wrong_and_what_to_do(alerts: dict[str, dict[str, Any]], device: dict[str, Any]) -> None:
    limit, silence = alerts["threshold"], alerts["no_data"]

    assert (limit["device_name"], limit["expected_kwh"], limit["actual_kwh"]) == ("Alerted", 1, pytest.approx(1.8))
    assert (silence["state"], silence["end"], silence["read"]) == ("open", None, False)
    assert all(each["severity"] in {"low", "medium", "high"} and each["recommendation"] for each in alerts.values())


def test_they_are_answered_by_who_may_see_them(
    alerts: dict[str, dict[str, Any]], alice: Person, charlie: Person, admin: Person
) -> None:
    address = f"/api/alerts/{alerts['threshold']['id']}"

    answered = alice.api.patch(address, {"read": True, "acknowledged": True, "note": "The oven"})
    assert (answered["read"], answered["acknowledged"], answered["note"]) == (True, True, "The oven")
    assert alice.api.patch(address, {"normal": True})["state"] == "normal"
    charlie.api.patch(address, {"read": True}, expect=404)
    assert charlie.api.get("/api/alerts")["count"] == 0
    assert not admin.api.get("/api/alerts", device_id=alerts["threshold"]["device_id"])["results"][0]["read"]
    charlie.api.put("/api/alerts/rules", {"type": "no_data", "enabled": False}, expect=403)


@pytest.fixture
def listener(device: dict[str, Any], admin: Person) -> Iterator[subprocess.Popen[str]]:
    """mosquitto_sub, signed in as the meter itself and subscribed; it ends by itself after a while."""
    address = os.environ.get("MQTT_ADDRESS", "")
    if not address or not shutil.which("mosquitto_sub"):
        pytest.skip("MQTT_ADDRESS is not set, or mosquitto_sub is not installed")
    host, port = address.split(":")
    name = device["id"]
    secret = admin.api.post(f"/api/devices/{name}/credentials", expect=201)["secret"]
    # By itself it keeps what it prints to itself until a message comes: whether it is subscribed would not be seen.
    command = ["stdbuf", "-oL", "mosquitto_sub", "-d", "-h", host, "-p", port, "-q", "1", "-V", "mqttv311", "-i", name]
    login = ["-u", name, "-P", secret]
    process = subprocess.Popen(
        [*command, *login, "-t", f"energy/alerts/{name}", "-W", "40"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert any("SUBACK" in line for line in process.stdout)
    yield process
    process.kill()
    process.wait(10)


def test_the_meter_is_told_by_mqtt(
    alerts: dict[str, dict[str, Any]], alice: Person, listener: subprocess.Popen[str]
) -> None:
    alice.api.patch(f"/api/alerts/{alerts['no_data']['id']}", {"normal": True})

    assert listener.stdout is not None
    told = (json.loads(line) for line in listener.stdout if line.startswith("{"))
    of_silence = (each for each in told if each["id"] == alerts["no_data"]["id"])
    # That it is open may only now be told, too.
    assert "no_data" in (each["type"] for each in of_silence if each["state"] == "normal")
