"""The one question after every fault: do all services agree, and is nothing left undone?"""

import json
import time
from collections.abc import Mapping
from typing import Any

import psycopg2
from pika.exceptions import AMQPError

from ops.instances import ROOT
from tests.faults.system import System
from tests.journeys.client import wait_for

RELAYING = ("auth", "user", "device", "monitoring", "forecast")
QUEUES = [
    queue["name"]
    for queue in json.loads((ROOT / "broker" / "definitions.json").read_text())["queues"]
    if queue["vhost"] == "ems"
]
Rows = dict[Any, tuple[Any, ...]]


def agree(system: System, *, dead_letters: Mapping[str, int] | None = None, within: float = 120) -> float:
    """Waits until all services agree, and returns how long that took; fails with every difference after `within` seconds.

    `dead_letters` says what the case itself put into dead-letter queues; anything else there is a difference.
    """
    begun = time.monotonic()

    def agreed() -> bool:
        try:
            found = differences(system, dead_letters or {})
        except (psycopg2.Error, AMQPError, OSError) as error:
            raise AssertionError(f"not all can be asked yet: {error!r}") from error
        assert not found, "\n".join(found)
        return True

    wait_for("all services agree", agreed, within=within)
    return time.monotonic() - begun


def differences(system: System, dead_letters: Mapping[str, int]) -> list[str]:
    """Every difference between owners and replicas, and everything unfinished, in words."""
    return [
        *_unfinished(system),
        *_waiting(system, dead_letters),
        *_users(system),
        *_profiles(system),
        *_devices(system),
    ]


def _unfinished(system: System) -> list[str]:
    sagas = system.sql(
        "auth",
        "SELECT kind, state, step, attempts, last_error FROM sagas_saga WHERE state NOT IN ('completed', 'compensated')",
    )
    halves = system.sql("auth", "SELECT username, state FROM accounts_account WHERE state <> 'active'")
    outboxes = {
        service: system.sql(service, "SELECT count(*) FROM service_kit_outboxevent WHERE published_at IS NULL")[0][0]
        for service in RELAYING
    }
    return [
        *(f"open saga: {saga}" for saga in sagas),
        *(f"half an account: {half}" for half in halves),
        *(f"{count} unsent events in the outbox of {service}" for service, count in outboxes.items() if count),
    ]


def _waiting(system: System, dead_letters: Mapping[str, int]) -> list[str]:
    with system.channel() as channel:
        counts = {name: channel.queue_declare(name, passive=True).method.message_count for name in QUEUES}
    return [
        f"{count} messages in {name}, not {dead_letters.get(name, 0)}"
        for name, count in counts.items()
        if count != dead_letters.get(name, 0)
    ]


def _rows(system: System, service: str, statement: str) -> Rows:
    return {row[0]: row[1:] for row in system.sql(service, statement)}


def _compare(what: str, owner: Rows, copy: Rows) -> list[str]:
    return [
        f"{what}: {key} is {copy.get(key, 'missing')}, but its owner says {owner.get(key, 'there is none')}"
        for key in sorted({*owner, *copy})
        if owner.get(key) != copy.get(key)
    ]


def _users(system: System) -> list[str]:
    found = []
    for service, columns in {
        "user": "username, role, is_active, version, email",
        "device": "username, role, is_active, version",
        "monitoring": "username, role, is_active, version",
        "forecast": "username, role, is_active, version",
    }.items():
        owner = _rows(system, "auth", f"SELECT id::text, {columns} FROM accounts_account WHERE state = 'active'")
        copy = _rows(system, service, f"SELECT id::text, {columns} FROM people_user WHERE deleted_at IS NULL")
        found += _compare(f"user in {service}", owner, copy)
    return found


def _profiles(system: System) -> list[str]:
    told, named = "first_name, last_name, timezone, version", "first_name, last_name, phone"
    profiles = f"SELECT user_id::text, {told} FROM profiles_profile"
    copies = f"SELECT id::text, {told} FROM people_profile WHERE deleted_at IS NULL"
    names = f"SELECT user_id::text, {named}, version FROM profiles_profile"
    accounts = f"SELECT id::text, {named}, profile_version FROM accounts_account WHERE state = 'active'"
    return [
        *_compare("profile in monitoring", _rows(system, "user", profiles), _rows(system, "monitoring", copies)),
        *_compare("names in auth", _rows(system, "user", names), _rows(system, "auth", accounts)),
    ]


def _devices(system: System) -> list[str]:
    columns = "name, kind, version"
    mappings = "SELECT (device_id, user_id)::text, starts, ends FROM mappings_mapping"
    assignments = "SELECT (device_id, user_id)::text, since, until FROM devices_assignment"
    devices = _rows(system, "device", f"SELECT id::text, {columns} FROM devices_device")
    found = []
    for service in ("monitoring", "forecast"):
        copies = _rows(system, service, f"SELECT id::text, {columns} FROM devices_device WHERE deleted_at IS NULL")
        found += _compare(f"device in {service}", devices, copies)
        found += _compare(
            f"assignment in {service}", _rows(system, "device", mappings), _rows(system, service, assignments)
        )
    nobody = system.sql(
        "device",
        "SELECT m.user_id FROM mappings_mapping m LEFT JOIN people_user u ON u.id = m.user_id AND u.deleted_at IS NULL"
        " WHERE u.id IS NULL",
    )
    return found + [f"assigned to nobody: {user}" for (user,) in nobody]
