"""Files of energy and of raw readings that a spreadsheet and an auditor can use."""

import csv
import tracemalloc
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from openpyxl import load_workbook

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from monitoring_service.readings.partitions import ensure_months
from service_kit.auth import Caller
from service_kit.events import Assignment, PlantCreated

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = "/api/monitoring/export"
PLANT, ROOF = uuid.UUID(int=1), uuid.UUID(int=2)
DAY_LONG = {"device_id": METER, "start": "2026-03-10", "end": "2026-03-11"}


@pytest.fixture
def home(db: None, deliver: Callable[..., None], send: Callable[..., Any], alice: Caller) -> uuid.UUID:
    deliver(PlantCreated(id=PLANT, name="Home", timezone="Europe/Rome"))
    deliver(device_event(owners=[alice], plant_id=PLANT, name="=HYPERLINK(1)"))
    deliver(device_event(ROOF, owners=[alice], plant_id=PLANT, kind="production", name="Roof"))
    send(ten_minutes(DAY, [0.1] * 6 + [0.2] * 3))
    return METER


def rows(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200, answer.content
    return list(csv.reader(answer.getvalue().decode().splitlines()))


def test_a_day_by_the_hour(home: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    answer = client_for(alice).get(ADDRESS, DAY_LONG)

    title, *body = rows(answer)
    assert title == [
        "local start (Europe/Rome)", "start (UTC)", "device", "kind", "energy (kWh)", "quality", "readings", "expected"
    ]  # fmt: skip
    assert len(body) == 24
    local, utc, device, kind, kwh, quality, readings, expected = body[1]
    assert (local, utc) == ("2026-03-10T01:00:00+01:00", "2026-03-10T00:00:00Z")
    assert (device, kind, quality, readings, expected) == ("'=HYPERLINK(1)", "consumption", "measured", "6", "6.0")
    assert float(kwh) == pytest.approx(0.6)
    assert body[5][4:6] == ["", "missing"]
    assert answer["Content-Disposition"] == 'attachment; filename="energy-by-hour_2026-03-10_2026-03-11.csv"'
    in_utc = rows(client_for(alice).get(ADDRESS, {**DAY_LONG, "timezone": "UTC"}))[0]
    assert len(set(in_utc)) == len(in_utc)  # a reader by column names would lose one of two


def test_the_same_in_a_workbook(home: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    answer = client_for(alice).get(ADDRESS, {**DAY_LONG, "format": "xlsx"})

    sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
    assert sheet is not None
    assert sheet.max_row == 25
    assert [cell.value for cell in sheet[3]][:2] == ["2026-03-10T01:00:00+01:00", "2026-03-10T00:00:00Z"]
    assert (sheet["C3"].value, sheet["C3"].data_type, sheet["E3"].value) == ("'=HYPERLINK(1)", "s", pytest.approx(0.6))


@pytest.mark.parametrize(("resolution", "entries"), [("hour", 743), ("day", 31), ("month", 1), ("year", 1)])
def test_a_plant_in_every_resolution_adds_up(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, resolution: str, entries: int
) -> None:
    question = {"plant_id": PLANT, "start": "2026-03-01", "end": "2026-04-01", "resolution": resolution}

    _, *body = rows(client_for(alice).get(ADDRESS, question))

    assert len(body) == entries * 2
    assert sum(float(row[4] or 0) for row in body) == pytest.approx(1.2)
    assert {row[3] for row in body} == {"consumption", "production"}


def test_raw_readings_with_their_unit(home: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    title, *body = rows(client_for(alice).get(ADDRESS, {**DAY_LONG, "content": "measurements"}))

    assert title[3] == "value (kWh)"
    assert len(body) == 9
    assert body[0] == ["2026-03-10T01:10:00+01:00", "2026-03-10T00:10:00Z", "'=HYPERLINK(1)", "0.1", "counted"]


def test_where_there_is_nothing_the_answer_says_so(home: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    for content in ("energy", "measurements"):
        answer = client_for(alice).get(ADDRESS, {**DAY_LONG, "device_id": ROOF, "content": content})
        assert answer.status_code == 404
        assert "in this time" in answer.json()["detail"]


def test_bob_exports_his_period_and_charlie_nothing(
    home: uuid.UUID, deliver: Callable[..., None], client_for: ClientFor, alice: Caller, bob: Caller, charlie: Caller
) -> None:
    period = Assignment(user_id=bob.id, from_=DAY + timedelta(minutes=30))
    deliver(device_event(owners=[alice, period], plant_id=PLANT), version=2)

    _, *energy = rows(client_for(bob).get(ADDRESS, DAY_LONG))
    _, *raw = rows(client_for(bob).get(ADDRESS, {**DAY_LONG, "content": "measurements"}))

    assert sum(float(row[4] or 0) for row in energy) == pytest.approx(0.9)
    assert len(raw) == 6
    assert client_for(charlie).get(ADDRESS, DAY_LONG).status_code == 404
    assert client_for(None).get(ADDRESS, DAY_LONG).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"format": "pdf"},
        {"content": "all"},
        {"device_id": [METER, ROOF], "content": "measurements"},
        {"start": "2026-03-12"},
        {"start": "1999-12-31", "end": "2099-12-31", "device_id": [METER, ROOF], "format": "xlsx"},
    ],
)
def test_a_bad_question_is_refused(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, change: dict[str, Any]
) -> None:
    assert client_for(alice).get(ADDRESS, {**DAY_LONG, **change}).status_code == 400


def read_in_pieces(answer: Any) -> tuple[int, int, int]:
    """Lines and bytes of the file, and the most memory that making it took at a time."""
    tracemalloc.start()
    count = size = 0
    for piece in answer.streaming_content:
        count, size = count + piece.count(b"\n"), size + len(piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return count, size, peak


def test_ten_years_of_hours_are_never_in_memory_at_once(home: uuid.UUID, client_for: ClientFor, admin: Caller) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO hours_hour (device_id, start, q1, kwh, readings, n1, n2, n3, n4, whole, quality, version,
                                       published_version)
               SELECT %s, h, 1, 1, 6, 6, 0, 0, 0, 15, 5, 1, 1
               FROM generate_series('2016-01-01Z'::timestamptz, '2025-12-31 23:00Z', '1 hour') AS h""",
            [str(METER)],
        )
    question = {"device_id": METER, "start": "2016-01-01", "end": "2026-01-01", "timezone": "UTC"}
    answer = client_for(admin).get(ADDRESS, question)

    count, size, peak = read_in_pieces(answer)

    assert count == 87_672 + 1
    assert peak < size / 3


def test_a_year_of_raw_readings_is_never_in_memory_at_once(
    meter: uuid.UUID, client_for: ClientFor, alice: Caller
) -> None:
    ensure_months([(2025, month) for month in range(1, 13)] + [(2026, 1)], table="readings_reading")
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO readings_reading (device_id, at, value)
               SELECT %s, at, 0.1 FROM generate_series('2025-01-01 00:10Z'::timestamptz, '2026-01-01Z', '10 minutes') AS at""",
            [str(METER)],
        )
    question = {"device_id": METER, "start": "2025-01-01", "timezone": "UTC", "content": "measurements"}
    month, year = (
        read_in_pieces(client_for(alice).get(ADDRESS, {**question, "end": end})) for end in ("2025-02-01", "2026-01-01")
    )

    assert (month[0], year[0]) == (31 * 144 + 1, 365 * 144 + 1)
    assert year[2] < 1.5 * month[2]
