"""Twelve weeks of a hundred meters among ten thousand are read from the key alone, a meter at a time."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from psycopg2 import sql

from forecast_service.conftest import NOON
from forecast_service.hours.queries import VALUES, values_of

pytestmark = pytest.mark.django_db


def test_hours_come_in_the_order_of_the_devices_asked_for(device, hours):
    first, second = device(), device()
    hours(first, [1.0, None, 3.0])
    hours(second, [5.0])
    assert values_of([second, first], until=NOON, hours=2)[:, 1].tolist() == [5.0, 3.0]


def test_the_plan_touches_no_row_and_knows_no_other_device(device, hours):
    meter = device()
    hours(meter, [1.0] * 48)
    named = {"start": NOON - timedelta(hours=48), "until": NOON, "devices": [str(meter), str(uuid.uuid4())]}
    query = sql.SQL(VALUES.replace("COPY (", "EXPLAIN ").replace(") TO STDOUT (FORMAT binary)", "")).format(
        **{name: sql.Literal(value) for name, value in named.items()}
    )
    with connection.cursor() as cursor:
        # Of a table this small it would be as quick to read all.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(query)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using hours_hour_pkey" in plan
    assert "Index Cond: ((device_id = wanted.device_id) AND (start >=" in plan
