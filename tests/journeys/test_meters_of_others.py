"""Meters that are none of ours: mosquitto_pub by MQTT, plain JSON by HTTP; each with its own credential, each as itself."""

import base64
import json
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.meters import last_full_hour, rfc3339


@pytest.fixture
def mosquitto() -> list[str]:
    address = os.environ.get("MQTT_ADDRESS", "")
    if not address or not shutil.which("mosquitto_pub"):
        pytest.skip("MQTT_ADDRESS is not set, or mosquitto_pub is not installed")
    host, port = address.split(":")
    return ["mosquitto_pub", "-h", host, "-p", port, "-q", "1", "-V", "mqttv311"]


def issue(admin: Person, device_id: str) -> str:
    return str(admin.api.post(f"/api/devices/{device_id}/credentials", expect=201)["secret"])


def publish(command: list[str], name: str, secret: str, topic: str, body: str) -> int:
    login = ["-u", name, "-P", secret, "-i", name, "-t", topic, "-m", body]
    return subprocess.run([*command, *login], timeout=30, capture_output=True).returncode


def hour_of(person: Person, device_id: str, start: datetime) -> Any:
    question = {"start": rfc3339(start), "end": rfc3339(start + timedelta(hours=1)), "timezone": "UTC"}
    (entry,) = person.api.get("/api/monitoring/hourly/range", device_id=device_id, **question)["data"]
    return entry


def test_a_meter_feeds_its_hour_by_mqtt_and_nobody_elses(
    mosquitto: list[str], admin: Person, alice: Person, make_device: MakeDevice
) -> None:
    device, other = (make_device(name, owner=alice)["id"] for name in ("Mosquitto", "Neighbour"))
    secret = issue(admin, device)
    start = last_full_hour() - timedelta(hours=1)
    for n in range(1, 7):
        body = json.dumps({"timestamp": rfc3339(start + timedelta(minutes=10 * n)), "value": 0.1})
        assert publish(mosquitto, device, secret, f"energy/devices/{device}/energy", body) == 0

    entry = wait_for("the hour is complete", lambda: (e := hour_of(alice, device, start))["readings"] == 6 and e)
    assert entry["kwh"] == pytest.approx(0.6)

    publish(mosquitto, device, secret, f"energy/devices/{other}/energy", body)
    assert publish(mosquitto, device, "wrong", f"energy/devices/{device}/energy", body) != 0
    assert hour_of(alice, other, start)["kwh"] is None


def test_a_meter_sends_by_http_as_itself(
    gateway_url: str, admin: Person, alice: Person, make_device: MakeDevice
) -> None:
    device, other = (make_device(name, owner=alice)["id"] for name in ("Http", "Neighbour"))
    secret = issue(admin, device)
    start = last_full_hour() - timedelta(hours=1)

    def send(target: str) -> tuple[int, Any]:
        rows = [
            {"device_id": target, "timestamp": rfc3339(start + timedelta(minutes=10 * n)), "measurement_value": 0.1}
            for n in range(1, 7)
        ]
        request = urllib.request.Request(
            f"{gateway_url}/api/monitoring/measurements",
            json.dumps(rows).encode(),
            {
                "Content-Type": "application/json",
                "Authorization": "Basic " + base64.b64encode(f"{device}:{secret}".encode()).decode(),
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    # The credential travels to monitoring by event.
    wait_for("the credential arrives", lambda: send(device)[0] == 202)
    assert hour_of(alice, device, start)["kwh"] == pytest.approx(0.6)
    status, body = send(other)
    assert status == 403
    assert other in body["detail"]

    admin.api.delete(f"/api/devices/{device}/credentials", expect=204)
    wait_for("the revoked secret ends", lambda: send(device)[0] == 401)
