"""Alice has a report of her meter made, finds it in her dashboard, and schedules more; nobody else's is to be had."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.journeys.client import wait_for
from tests.journeys.conftest import MakeDevice, Person
from tests.journeys.meters import send
from tests.journeys.test_dashboard import OpenAs, open_as

__all__ = ["open_as"]

DAY = datetime(2026, 3, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def device(alice: Person, make_device: MakeDevice, meter_amqp_url: str) -> dict[str, Any]:
    """Alice's, which took 0.6 kWh in each of the first two hours of March 10, and whose hours are known."""
    device = make_device("Reported", owner=alice)
    send(meter_amqp_url, device["id"], [(DAY + timedelta(minutes=10 * n), 0.1) for n in range(1, 13)])

    def total() -> bool:
        question = {"device_id": device["id"], "start": "2026-03-10", "end": "2026-03-11", "timezone": "UTC"}
        return alice.api.get("/api/monitoring/hourly/range", **question)["total_kwh"] == pytest.approx(1.2)

    wait_for("the hours are there", total)
    return device


def made(person: Person, scope: str, format_: str) -> dict[str, Any]:
    asked = {"scope": scope, "period": {"start": "2026-03-09", "end": "2026-03-12"}, "format": format_}
    report = person.api.post("/api/reports", asked, expect=202)

    def done() -> dict[str, Any] | None:
        found = person.api.get(f"/api/reports/{report['id']}")
        assert found["state"] != "failed", found["error"]
        return found if found["state"] == "done" else None

    return wait_for("the report is made", done, within=120)


@pytest.mark.parametrize(
    ("format_", "type_", "begins"),
    [
        ("pdf", "application/pdf", b"%PDF-"),
        ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK"),
        ("csv", "text/csv; charset=utf-8", b"Energy report"),
    ],
)
def test_a_report_is_made_and_fetched(
    alice: Person, charlie: Person, device: dict[str, Any], format_: str, type_: str, begins: bytes
) -> None:
    report = made(alice, f"device_{device['id']}", format_)

    assert report["summary"]["totals"][0]["kwh"] == pytest.approx(1.2)
    file = alice.api.http.get(report["file_url"])
    assert (file.status_code, file.headers["content-type"], file.content[: len(begins)]) == (200, type_, begins)
    assert alice.api.http.get(f"/api/v1/reports/{report['id']}/file").content == file.content
    charlie.api.get(report["file_url"], expect=404)
    assert report["id"] in {each["id"] for each in alice.api.every("/api/reports")}


def test_what_nobody_knows_is_refused_with_the_reason(alice: Person, charlie: Person, device: dict[str, Any]) -> None:
    asked = {"scope": f"device_{device['id']}", "period": "2026-02-03", "format": "pdf"}

    refused = alice.api.post("/api/reports", asked, expect=422)
    assert "Nothing is known" in refused["detail"]
    charlie.api.post("/api/reports", asked, expect=404)
    assert "no period" in alice.api.post("/api/reports", {**asked, "period": "fortnight"}, expect=400)["period"][0]


def test_a_schedule_is_made_stopped_and_deleted(alice: Person, charlie: Person, device: dict[str, Any]) -> None:
    asked = {"scope": f"device_{device['id']}", "every": "week", "format": "xlsx"}

    schedule = alice.api.post("/api/reports/schedules", asked, expect=201)
    address = f"/api/reports/schedules/{schedule['id']}"
    assert datetime.fromisoformat(schedule["next_at"]) > datetime.now(UTC)
    charlie.api.patch(address, {"enabled": False}, expect=404)
    assert alice.api.patch(address, {"enabled": False})["next_at"] is None
    alice.api.delete(address)
    assert alice.api.get("/api/reports/schedules")["count"] == 0


def test_the_dashboard_makes_lists_and_saves_one(alice: Person, device: dict[str, Any], open_as: OpenAs) -> None:
    page = open_as(alice.username, alice.password)
    page.set_viewport_size({"width": 360, "height": 800})
    page.get_by_role("link", name="Reports", exact=True).click()
    form = page.get_by_role("region", name="Make a report")
    form.locator(f"option[value=device_{device['id']}]").wait_for(state="attached")
    form.get_by_label("What it is about").select_option(label="Reported")
    form.get_by_label("Period").select_option(label="From a day to another")
    form.get_by_label("First day").fill("2026-03-10")
    form.get_by_label("Last day").fill("2026-03-10")
    form.get_by_role("button", name="Make the report").press("Enter")

    item = page.get_by_role("listitem", name=re.compile(r"^Reported, Tue,? 10 Mar$"))
    item.get_by_text(re.compile(r"1\.20\skWh")).wait_for()
    with page.expect_download() as download:
        item.get_by_role("button", name="Download PDF").click()
    assert download.value.path().read_bytes().startswith(b"%PDF-")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    item.get_by_role("button", name="Delete").click()
    item.wait_for(state="detached")
