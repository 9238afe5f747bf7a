"""Alice has a report made, and reads in it what her energy was, what it cost, and how much of it is known."""

import csv
import io
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import openpyxl
import pytest
from pypdf import PdfReader

from monitoring_service.conftest import DAY, METER, device_event, reading, ten_minutes
from monitoring_service.reports.services import make_reports
from monitoring_service.reports.tests.conftest import HOURS, MARCH, PLANT
from service_kit.auth import Caller

ClientFor = Callable[[Caller | None], Any]
MONTH = {"scope": f"plant_{PLANT}", "period": "2026-03"}


def made(client: Any, **asked: Any) -> dict[str, Any]:
    answer = client.post("/api/reports", {**MONTH, **asked})
    assert answer.status_code == 202, answer.json()
    assert answer["Location"] == f"/api/reports/{answer.json()['id']}"
    assert make_reports() == 1
    report: dict[str, Any] = client.get(answer["Location"]).json()
    assert report["state"] == "done", report["error"]
    return report


def sections(body: bytes) -> dict[str, list[list[str]]]:
    """The rows under each title of a CSV report."""
    found: dict[str, list[list[str]]] = {}
    for part in body.decode().split("\r\n\r\n"):
        title, *rows = csv.reader(io.StringIO(part))
        found[title[0]] = rows
    return found


def test_a_month_with_its_cost_by_what_was_valid(home: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    client = client_for(alice)
    report = made(client, format="csv")

    assert report["period"] == {
        "unit": "month", "start": "2026-02-28T23:00:00Z", "end": "2026-03-31T22:00:00Z", "timezone": "Europe/Rome",
    }  # fmt: skip
    (total,) = report["summary"]["totals"]
    assert (total["kind"], total["kwh"]) == ("consumption", pytest.approx(HOURS * 0.6))
    assert (total["hours_known"], total["hours"], total["readings"], total["expected"]) == (743, 743, 4458, 4458)
    assert report["summary"]["co2_kg"] == pytest.approx(HOURS * 0.6 * 0.4)
    old, new = 14 * 24 * 0.6 * 0.4, (17 * 24 - 1) * 0.6 * 0.1
    assert report["summary"]["cost"] == pytest.approx(old + 14 * 0.5 + new + 17 * 1)

    answer = client.get(report["file_url"])
    assert (answer["Content-Type"], answer["Cache-Control"]) == ("text/csv; charset=utf-8", "private, no-store")
    assert report["file_name"] in answer["Content-Disposition"]
    told = sections(answer.content)
    assert dict(told["Energy report"][1:])["Report of"] == "Casa Nuvolì"
    assert (
        dict(told["Energy report"][1:])["Completeness"] == "743 of 743 hours known, 4,458 of 4,458 readings (100.0 %)"
    )
    assert [(row[1], row[2], float(row[3]), row[4], float(row[6])) for row in told["Cost"][1:5]] == [
        ("Old", "energy", pytest.approx(201.6), "kWh", pytest.approx(old)),
        ("Old", "standing charge", 14, "days", 7),
        ("New", "energy", pytest.approx(244.2), "kWh", pytest.approx(new)),
        ("New", "standing charge", 17, "days", 17),
    ]
    days = told["By day"][1:]
    assert len(days) == 31
    assert days[28][0] == "2026-03-29T00:00:00+01:00"
    assert [float(day[1]) for day in days[27:30]] == pytest.approx([14.4, 13.8, 14.4])  # the clock skips an hour
    assert [row[:2] for row in told["Devices"][2:]] == [["Kitchen", "Consumption"]]


def test_a_pdf_and_a_workbook_tell_the_same(home: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    client = client_for(alice)

    pages = PdfReader(io.BytesIO(client.get(made(client, format="pdf")["file_url"]).content)).pages
    text = "\n".join(page.extract_text() for page in pages)
    assert "Energy report: Casa Nuvolì, 2026-03-01 to 2026-03-31" in text
    for words in ("445.80", "743 of 743 hours known", "201.60", "13.80", "Page 2", "Consumption (kWh)", "No cost"):
        assert (words in text) == (words != "No cost"), words

    book = openpyxl.load_workbook(io.BytesIO(client.get(made(client, format="xlsx")["file_url"]).content))
    assert book.sheetnames == ["Energy report", "Totals", "Balance", "Cost", "By day", "Devices"]
    assert book["Totals"]["B3"].value == pytest.approx(445.8)
    assert book["By day"].max_row == 32


@pytest.mark.parametrize(
    ("period", "rows", "first", "kwh"),
    [
        ("2026-03-10", 24, "2026-03-10T00:00:00+01:00", 14.4),
        ("2026-W11", 7, "2026-03-09T00:00:00+01:00", 7 * 14.4),
        ("2026", 12, "2026-01-01T00:00:00+01:00", 445.8),
        ({"start": "2026-03-10", "end": "2026-03-12"}, 48, "2026-03-10T00:00:00+01:00", 28.8),
        ({"start": "2026-03-09T23:00:00Z", "end": "2026-03-10T23:00:00Z"}, 24, "2026-03-10T00:00:00+01:00", 14.4),
        ({"start": "2026-03-10T00:00:00Z", "end": "2026-03-11T00:00:00Z"}, 48, "2026-03-10T00:00:00+01:00", 28.8),
    ],
)
def test_other_periods(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, period: Any, rows: int, first: str, kwh: float
) -> None:
    client = client_for(alice)
    report = made(client, period=period, format="csv")

    (total,) = report["summary"]["totals"]
    assert total["kwh"] == pytest.approx(kwh)
    resolution = report["summary"]["resolution"]
    table = sections(client.get(report["file_url"]).content)[f"By {resolution}"][1:]
    assert (len(table), table[0][0]) == (rows if period != "2026" else len(table), first)


def test_the_period_before_is_counted_up_to_where_this_one_has_come(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, time_machine: Any
) -> None:
    """Given March 10, 12:10 in Rome, with readings until noon."""
    time_machine.move_to("2026-03-10T11:10:00Z", tick=False)
    day = made(client_for(alice), period="day")["summary"]
    (total,) = day["totals"]
    # The readings of the rest of March have come too early here: they are not counted before their time.
    assert (total["kwh"], total["before_kwh"]) == (pytest.approx(12 * 0.6), pytest.approx(12 * 0.6))
    week = made(client_for(alice), period="week")["summary"]
    assert (week["totals"][0]["kwh"], week["totals"][0]["before_kwh"]) == (
        pytest.approx(36 * 0.6),
        pytest.approx(36 * 0.6),
    )


def test_a_period_before_of_which_little_is_known_is_nothing_to_compare_with(
    home: uuid.UUID, client_for: ClientFor, alice: Caller
) -> None:
    """Given readings of March alone. A file is named by the first day in Rome, not in UTC."""
    client = client_for(alice)
    second, first = (made(client, period=f"2026-03-{day:02}", format="csv") for day in (2, 1))

    def totals(report: Any) -> dict[str, str]:
        names, row = sections(client.get(report["file_url"]).content)["Totals"][1:3]
        return dict(zip(names, row, strict=True))

    compared = totals(second)
    assert [float(compared[name]) for name in ("of it known (%)", "change (%)")] == pytest.approx([100, 0])
    alone = totals(first)
    assert (float(alone["of it known (%)"]), alone["change (%)"]) == (0, "")
    assert [each["summary"]["totals"][0]["before_known"] for each in (second, first)] == [1, 0]
    assert first["file_name"].startswith("energy-report_2026-03-01_")


def test_a_gap_stays_one_and_is_said(
    db: None, deliver: Callable[..., None], send: Callable[..., Any], client_for: ClientFor, alice: Caller
) -> None:
    deliver(device_event(owners=[alice]))
    send(ten_minutes(DAY, [0.1] * 6), ten_minutes(DAY + timedelta(hours=2), [0.1] * 5))
    client = client_for(alice)

    report = made(client, scope=f"device_{METER}", period="2026-03-10", format="csv")

    assert report["summary"]["completeness"] == pytest.approx(2 / 24)
    told = sections(client.get(report["file_url"]).content)
    assert dict(told["Energy report"][1:])["Completeness"] == "2 of 24 hours known, 11 of 144 readings (8.3 %)"
    assert [row[1:] for row in told["By hour"][1:4]] == [
        [told["By hour"][1][1], "6", "6.0", "measured"], ["", "0", "6.0", "missing"], [told["By hour"][3][1], "5", "6.0", "partial"],
    ]  # fmt: skip
    assert told["Cost"] == [["No cost is told: no tariff."]]


def test_what_was_corrected_before_and_after_is_said(
    home: uuid.UUID, send: Callable[..., Any], client_for: ClientFor, alice: Caller
) -> None:
    client = client_for(alice)
    send([reading(MARCH + timedelta(days=3, minutes=10), 0.2)])

    first = made(client, format="csv")
    assert (first["revised"], first["summary"]["revised_hours"]) == (False, 1)
    assert "1 hours were corrected" in client.get(first["file_url"]).content.decode()
    day = made(client, period="2026-03-20")

    send([reading(MARCH + timedelta(days=5, minutes=10), 0.3)])
    rows = {row["id"]: row["revised"] for row in client.get("/api/reports").json()["results"]}
    assert rows == {first["id"]: True, day["id"]: False}
    assert client.get(f"/api/reports/{first['id']}").json()["revised"] is True
    again = made(client, format="csv")
    assert (again["revised"], again["summary"]["revised_hours"]) == (False, 2)
    assert again["summary"]["totals"][0]["kwh"] == pytest.approx(445.8 + 0.1 + 0.2)


def test_there_is_never_an_empty_file(home: uuid.UUID, client_for: ClientFor, alice: Caller) -> None:
    answer = client_for(alice).post("/api/reports", {**MONTH, "period": "2026-02-03"})

    assert answer.status_code == 422
    assert "Nothing is known of this energy in this time" in answer.json()["detail"]
    assert client_for(alice).get("/api/reports").json()["count"] == 0


@pytest.mark.parametrize(
    ("asked", "field", "says"),
    [
        ({"period": "fortnight"}, "period", "'fortnight' is no period. Give \"day\""),
        ({"period": "2026-13"}, "period", "'2026-13' is no period"),
        ({"period": "1999-12"}, "period", "is outside 2000 to 2099"),
        ({"period": "2098"}, "period", "2098-01-01 has not begun yet in Europe/Rome"),
        ({"period": {"start": "2026-03-02", "end": "2026-03-02"}}, "period", "is not after start 2026-03-02"),
        ({"period": {"start": "2026-03-02", "end": "soon"}}, "period", "end 'soon' is no date such as"),
        ({"period": {"from": "2026-03-02"}}, "period", "has start and end, not from"),
        ({"period": {"start": "2001-01-01", "end": "2026-03-02"}}, "period", "longer than ten years"),
        ({"scope": "house"}, "scope", "'house' is no scope. Give device_<uuid>"),
        ({"scope": []}, "scope", "is no scope"),
        ({"format": "docx"}, "format", '"docx" is not a valid choice'),
    ],
)
def test_what_cannot_be_is_refused_and_named(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, asked: dict[str, Any], field: str, says: str
) -> None:
    answer = client_for(alice).post("/api/reports", {**MONTH, **asked})

    assert answer.status_code == 400
    assert says in answer.json()[field][0]
