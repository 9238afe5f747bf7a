"""A wrong plan would read every meter's hours to answer for one: PostgreSQL must go by the index whatever it thinks of the data."""

import uuid
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from monitoring_service.devices.selection import choose
from monitoring_service.hours.calendar import Resolution
from monitoring_service.hours.queries import EnergyQuestion
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db
START, END = 1_767_225_600_000_000, 1_798_761_600_000_000  # 2026


@pytest.fixture
def many(meter: uuid.UUID) -> None:
    """Hours of a hundred other meters, so that reading the whole table would look cheap for a long period."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO hours_hour (device_id, start, readings, n1, n2, n3, n4, whole, quality, version, published_version)
               SELECT gen_random_uuid(), h, 0, 0, 0, 0, 0, 15, 5, 1, 1
               FROM generate_series('2026-01-01Z'::timestamptz, '2026-01-10Z', '1 hour') AS h, generate_series(1, 100)"""
        )
        cursor.execute("ANALYZE hours_hour")


@pytest.mark.parametrize(
    ("zone", "resolution"),
    [("Europe/Rome", "day"), ("Asia/Kolkata", "day"), ("Asia/Kolkata", "hour"), ("UTC", "hour"), ("UTC", "year")],
)
@pytest.mark.parametrize("who", ["alice", "admin"])
def test_energy_is_found_by_the_index(
    many: None,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    zone: str,
    resolution: Resolution,
    who: str,
) -> None:
    caller: Caller = request.getfixturevalue(who)
    plans: list[str] = []

    def explained(query: str, parameters: list[str | int], types: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {query}", parameters)
            plans.append("\n".join(line for (line,) in cursor.fetchall()))
        return original(query, parameters, types)

    from monitoring_service.hours import sums

    original: Callable[..., Any] = sums.fetch_columns
    monkeypatch.setattr(sums, "fetch_columns", explained)
    EnergyQuestion([choose(caller)], START, END, ZoneInfo(zone), resolution).answer()

    assert plans
    for plan in plans:
        assert "Seq Scan on hours_hour" not in plan
        assert "using hours_hour_pkey on hours_hour" in plan
