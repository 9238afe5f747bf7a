"""Dora asks for all that is known of her, and then that it be forgotten; Bob, who shares her meter, notices nothing."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import psycopg2
import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.meters import last_full_hour, send

SERVICES = ("auth", "user", "device", "monitoring", "forecast")


@pytest.fixture(scope="session")
def tables_that_say() -> Callable[..., list[str]] | None:
    """`tables_that_say("dora")`: every table of every service in which a row does, bytes included.

    None without POSTGRES_URL: Docker's databases are not open to this machine, and hold what the native ones hold.
    """
    url = os.environ.get("POSTGRES_URL", "")
    if not url:
        return None

    def look(*words: str) -> list[str]:
        found = []
        for service in SERVICES:
            connection = psycopg2.connect(f"{url}/{service}")
            with connection, connection.cursor() as cursor:
                cursor.execute("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
                for (table,) in cursor.fetchall():
                    for word in words:
                        cursor.execute(
                            f"SELECT 1 FROM {table} r WHERE r::text ILIKE %s OR r::text LIKE %s LIMIT 1",
                            [f"%{word}%", f"%{word.encode().hex()}%"],
                        )
                        if cursor.fetchone():
                            found.append(f"{service}.{table}: {word}")
            connection.close()
        return found

    return look


def download(person: Person, user_id: str) -> httpx.Response:
    return person.api.http.get(f"/api/users/{user_id}/export")


def test_all_that_is_known_and_then_nothing(
    register: Callable[[str], Person], make_device: MakeDevice, bob: Person, charlie: Person, admin: Person,
    meter_amqp_url: str, tables_that_say: Callable[..., list[str]] | None,
) -> None:  # fmt: skip
    # Given Dora with a telephone and a meter that Bob sees too, which has sent an hour
    dora = register("Dora")
    words = (dora.username, "+39 0987 654")
    dora.api.patch(f"/api/users/{dora.id}", {"phone": "+39 0987 654", "timezone": "Europe/Rome"})
    meter = make_device("Shared", owner=dora)["id"]
    admin.api.post("/api/mappings/assign", {"device_id": meter, "user_id": bob.id}, expect=201)
    hour = last_full_hour() - timedelta(hours=3)
    send(meter_amqp_url, meter, [(hour + timedelta(minutes=10 * n), 0.1) for n in range(1, 7)])
    day = {"device_id": meter, "date": f"{hour:%Y-%m-%d}", "timezone": "UTC"}

    def bob_sees() -> Any:
        return bob.api.get("/api/monitoring/hourly/daily", **day)["total_kwh"]

    wait_for("the hour is there", lambda: bob_sees() == pytest.approx(0.6))

    # When she asks for all of it
    answer = download(dora, dora.id)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith(f'attachment; filename="energy-{dora.username}-')
    told = json.loads(answer.content)
    assert told["account"]["username"] == dora.username
    assert {entry["action"] for entry in told["audit"]} >= {"registered"}
    assert told["profile"]["profile"]["phone"] == "+39 0987 654"
    assert [device["device_id"] for device in told["devices"]["devices"]] == [meter]
    assert [(each["device_id"], each["kwh"]) for each in told["energy"]["hours"]] == [(meter, pytest.approx(0.6))]
    assert "forecasts" in told["forecasts"]
    # then nobody else but the admin may
    assert download(charlie, dora.id).status_code == 404
    assert download(admin, dora.id).status_code == 200
    charlie.api.post(f"/api/users/{dora.id}/erase", expect=404)

    # When she wants to be forgotten
    assert tables_that_say is None or tables_that_say(*words) != []
    erased = dora.api.post(f"/api/users/{dora.id}/erase", expect=(202, 204))
    if erased:
        wait_for("the erasure is done", lambda: admin.api.get(erased["status_url"], expect=204) is None)

    # Then nothing tells of her, and Bob still sees what they shared
    if tables_that_say is not None:
        wait_for("no table tells of Dora", lambda: not tables_that_say(*words))
    assert download(admin, dora.id).status_code == 404
    admin.api.post(f"/api/users/{dora.id}/erase", expect=404)
    wait_for("her token is refused", lambda: dora.api.get("/api/monitoring/devices", expect=401))
    assert bob_sees() == pytest.approx(0.6)
    holders = {each["user_id"] for each in admin.api.every("/api/mappings", device_id=meter)}
    assert holders == {bob.id}
