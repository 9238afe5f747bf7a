"""Reports that come by themselves: once a period, by mail where that can be, and never lost."""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from monitoring_service.conftest import device_event
from monitoring_service.reports.mailing import mail_reports
from monitoring_service.reports.models import Report, Schedule
from monitoring_service.reports.schedules import SCHEDULES_AT_MOST, follow_schedules
from monitoring_service.reports.services import make_reports
from monitoring_service.reports.tests.conftest import PLANT
from service_kit.auth import Caller
from service_kit.events import UserDeleted
from service_kit.mail import MailServer
from service_kit.testing.mailserver import Inbox, serve

SCHEDULES = "/api/reports/schedules"
ClientFor = Callable[[Caller | None], Any]
MONTHLY = {"scope": f"plant_{PLANT}", "every": "month", "format": "csv"}


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    box = Inbox()
    for server in serve(box):
        settings.MAIL_SERVER = MailServer("127.0.0.1", server.port, tls="none")
        yield box


@pytest.fixture
def monthly(home: uuid.UUID, client_for: ClientFor, alice: Caller, time_machine: Any) -> dict[str, Any]:
    """A schedule that Alice made on March 20."""
    time_machine.move_to("2026-03-20T12:00:00Z", tick=False)
    answer = client_for(alice).post(SCHEDULES, MONTHLY)
    assert answer.status_code == 201
    schedule: dict[str, Any] = answer.json()
    return schedule


def run() -> int:
    """All that the jobs have to do now; how many reports were asked for."""
    asked = 0
    while follow_schedules():
        asked += 1
    while make_reports():
        pass
    return asked


def test_a_month_is_reported_once_when_its_hours_are_closed(
    monthly: dict[str, Any], client_for: ClientFor, alice: Caller, time_machine: Any
) -> None:
    assert (monthly["next_at"], monthly["last_report"], monthly["scope_name"]) == (
        "2026-03-31T22:15:00Z", None, "Casa Nuvolì",
    )  # fmt: skip
    time_machine.move_to("2026-03-31T22:14:59Z", tick=False)
    assert run() == 0
    time_machine.move_to("2026-03-31T22:15:00Z", tick=False)
    assert (run(), run()) == (1, 0)

    (schedule,) = client_for(alice).get(SCHEDULES).json()["results"]
    assert schedule["next_at"] == "2026-04-30T22:15:00Z"
    last = schedule["last_report"]
    assert (last["start"], last["end"], last["state"]) == ("2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", "done")
    assert (last["mailed_at"], last["mail_error"]) == (None, None)
    (report,) = client_for(alice).get("/api/reports").json()["results"]
    assert (report["id"], report["schedule_id"]) == (last["id"], schedule["id"])
    assert b"743 of 743" in client_for(alice).get(report["file_url"]).content


def test_what_was_missed_is_made_up_for_and_a_month_without_data_says_so(
    monthly: dict[str, Any], client_for: ClientFor, alice: Caller, time_machine: Any
) -> None:
    time_machine.move_to("2026-06-02T00:00:00Z", tick=False)

    assert run() == 3

    reports = client_for(alice).get("/api/reports").json()["results"]
    assert sorted((r["period"]["start"][:10], r["state"]) for r in reports) == [
        ("2026-02-28", "done"), ("2026-03-31", "failed"), ("2026-04-30", "failed"),
    ]  # fmt: skip
    (schedule,) = client_for(alice).get(SCHEDULES).json()["results"]
    assert "Nothing is known" in schedule["last_report"]["error"]


@pytest.mark.parametrize(("every", "next_at"), [("day", "2026-03-20T23:15:00Z"), ("week", "2026-03-22T23:15:00Z")])
def test_other_rhythms(
    monthly: dict[str, Any], client_for: ClientFor, alice: Caller, time_machine: Any, every: str, next_at: str
) -> None:
    address = f"{SCHEDULES}/{monthly['id']}"
    assert client_for(alice).patch(address, {"every": every}).json()["next_at"] == next_at

    time_machine.move_to(next_at, tick=False)
    assert run() == 1

    unit, days = ("day", 1) if every == "day" else ("week", 7)
    (report,) = client_for(alice).get("/api/reports").json()["results"]
    assert (report["period"]["unit"], report["summary"]["totals"][0]["kwh"]) == (unit, pytest.approx(days * 14.4))


def test_one_that_is_stopped_rests_and_begins_anew(
    monthly: dict[str, Any], client_for: ClientFor, alice: Caller, charlie: Caller, time_machine: Any
) -> None:
    address = f"{SCHEDULES}/{monthly['id']}"
    assert client_for(charlie).patch(address, {"enabled": False}).status_code == 404
    assert client_for(alice).patch(address, {"enabled": False}).json()["next_at"] is None
    time_machine.move_to("2026-05-10T12:00:00Z", tick=False)
    assert run() == 0

    assert client_for(alice).patch(address, {"enabled": True}).json()["next_at"] == "2026-05-31T22:15:00Z"
    assert client_for(alice).delete(address).status_code == 204
    assert client_for(alice).get(SCHEDULES).json()["count"] == 0


def test_what_may_not_be_seen_any_more_is_not_reported(
    monthly: dict[str, Any], deliver: Callable[..., None], bob: Caller, time_machine: Any
) -> None:
    deliver(device_event(owners=[bob], plant_id=PLANT), version=2)
    time_machine.move_to("2026-04-02T00:00:00Z", tick=False)

    assert follow_schedules() == 1

    assert not Report.objects.exists()
    assert not Schedule.objects.get().enabled


def test_nobody_schedules_without_end(monthly: dict[str, Any], client_for: ClientFor, alice: Caller) -> None:
    made = Schedule.objects.get()
    for _ in range(SCHEDULES_AT_MOST - 1):
        made.pk = uuid.uuid4()
        made.save(force_insert=True)

    answer = client_for(alice).post(SCHEDULES, MONTHLY)

    assert (answer.status_code, "Delete one" in answer.json()["detail"]) == (409, True)


def test_the_list_takes_few_queries(
    monthly: dict[str, Any], client_for: ClientFor, alice: Caller, time_machine: Any, django_assert_num_queries: Any
) -> None:
    for _ in range(4):
        client_for(alice).post(SCHEDULES, MONTHLY)
    time_machine.move_to("2026-04-02T00:00:00Z", tick=False)
    assert run() == 5
    client = client_for(alice)
    with django_assert_num_queries(3):  # the caller's copy, the count, the page with its last reports
        assert client.get(SCHEDULES).json()["count"] == 5


@pytest.fixture
def made(monthly: dict[str, Any], inbox: Inbox, time_machine: Any) -> Report:
    """March's report, to be mailed."""
    time_machine.move_to("2026-04-01T00:00:00Z", tick=False)
    assert run() == 1
    return Report.objects.get()


def test_it_is_mailed_once_with_the_file(
    made: Report, inbox: Inbox, client_for: ClientFor, alice: Caller, settings: Any
) -> None:
    assert mail_reports()
    assert not mail_reports()

    (mail,) = inbox.mails
    assert (mail["To"], mail["Subject"]) == ("alice@example.org", "Energy report: Casa Nuvolì")
    (attached,) = mail.iter_attachments()  # type: ignore[attr-defined]
    assert (attached.get_filename(), attached.get_content_type()) == (made.file_name, "text/csv")
    assert "743 of 743" in attached.get_content()
    assert f"{settings.PUBLIC_URL}/reports" in mail.get_body().get_content()  # type: ignore[attr-defined]
    (schedule,) = client_for(alice).get(SCHEDULES).json()["results"]
    assert schedule["last_report"]["mailed_at"] is not None


def test_a_server_that_does_not_take_it_is_asked_again_and_that_is_said(
    made: Report, inbox: Inbox, client_for: ClientFor, alice: Caller
) -> None:
    inbox.answers = ["451 Try later"]
    assert mail_reports()
    assert not mail_reports(), "not before its time"
    (schedule,) = client_for(alice).get(SCHEDULES).json()["results"]
    assert "did not take it (SMTPRecipientsRefused); next try" in schedule["last_report"]["mail_error"]
    assert inbox.mails == []

    Report.objects.update(mail_due_at=timezone.now())
    assert mail_reports()
    made.refresh_from_db()
    assert (len(inbox.mails), made.mail_error, made.mail_attempts, made.mail_due_at) == (1, None, 2, None)


def test_a_refusal_for_ever_ends_it(made: Report, inbox: Inbox) -> None:
    inbox.answers = ["550 No such mailbox"]
    assert mail_reports()
    assert not mail_reports()
    made.refresh_from_db()
    assert (made.mail_due_at, made.mail_error) == (None, "It could not be mailed (SMTPRecipientsRefused).")


def test_schedules_go_with_the_person(
    monthly: dict[str, Any], deliver: Callable[..., None], alice: Caller, traces: Callable[..., list[str]]
) -> None:
    assert traces("alice@example.org") == ["people_user: alice@example.org"]

    deliver(UserDeleted(id=alice.id), version=2)

    assert not Schedule.objects.exists()
    assert traces("alice@example.org") == []
