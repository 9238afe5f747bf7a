"""Files of the days on which the clock moves: every instant once, and the same total as hourly/range."""

import csv
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from monitoring_service.conftest import METER, TEN_MINUTES, reading
from monitoring_service.hours.tests.test_clock_changes import CHANGES
from service_kit.auth import Caller

pytestmark = pytest.mark.django_db
ClientFor = Callable[[Caller | None], Any]
ADDRESS = "/api/monitoring/export"


def value(at: datetime) -> float:
    """Another in every interval, so that one that is left out or counted twice shows."""
    return ((at.timestamp() / 600) % 97 + 1) / 100


@pytest.fixture(params=["csv", "xlsx"])
def export(request: Any, client_for: ClientFor, alice: Caller) -> Callable[..., list[list[str]]]:
    """`export(start=..., ...)`: the rows of the file under its titles, all as text."""

    def make(**question: Any) -> list[list[str]]:
        answer = client_for(alice).get(ADDRESS, {"device_id": METER, **question, "format": request.param})
        assert answer.status_code == 200, answer.content
        content = b"".join(answer.streaming_content)
        if request.param == "csv":
            _, *rows = csv.reader(content.decode().splitlines())
        else:
            sheet = load_workbook(BytesIO(content), read_only=True).active
            assert sheet is not None
            _, *rows = ([*map(str, row)] for row in sheet.iter_rows(values_only=True))
        return rows

    return make


@pytest.mark.parametrize(("zone", "day", "length"), CHANGES)
def test_a_day_holds_each_instant_once_and_adds_up(
    meter: uuid.UUID,
    send: Callable[..., Any],
    client_for: ClientFor,
    alice: Caller,
    export: Callable[..., list[list[str]]],
    zone: str,
    day: date,
    length: float,
) -> None:
    local = ZoneInfo(zone)
    begin = datetime(day.year, day.month, day.day, tzinfo=local).astimezone(UTC)
    end = begin + timedelta(hours=length)
    assert end.astimezone(local).date() == day + timedelta(days=1)
    around = [begin - timedelta(hours=2) + n * TEN_MINUTES for n in range(int(length * 6) + 24)]
    send([reading(at, value(at)) for at in around])
    inside = [at for at in around if begin < at <= end]
    span = {"start": day.isoformat(), "end": (day + timedelta(days=1)).isoformat(), "timezone": zone}

    hours, raw = export(**span), export(**span, content="measurements")

    answer = client_for(alice).get("/api/monitoring/hourly/range", {"device_id": METER, **span}).json()
    assert sum(float(row[4]) for row in hours) == pytest.approx(answer["total_kwh"], abs=1e-9)
    assert answer["total_kwh"] == pytest.approx(sum(map(value, inside)), abs=1e-9)
    assert [row[0] for row in hours] == [entry["start"] for entry in answer["data"]]
    assert {row[5] for row in hours} == {"measured"}
    for rows in (hours, raw):
        shown = [datetime.fromisoformat(row[0]) for row in rows]
        assert shown == [datetime.fromisoformat(row[1]) for row in rows]
        assert all(at.utcoffset() == at.astimezone(local).utcoffset() for at in shown)
        assert len({row[0] for row in rows}) == len(rows)
    assert [datetime.fromisoformat(row[1]) for row in raw] == inside
    assert [float(row[3]) for row in raw] == pytest.approx(list(map(value, inside)))
    assert datetime.fromisoformat(hours[0][1]) == begin
