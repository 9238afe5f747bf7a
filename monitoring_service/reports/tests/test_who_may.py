"""Whose reports are whose, what is in them is what their owner may see when they are made, and what becomes of them."""

import io
import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from monitoring_service.conftest import METER, device_event
from monitoring_service.reports.models import Report
from monitoring_service.reports.services import MAX_TRIES, OPEN_AT_MOST, make_reports, purge_reports
from monitoring_service.reports.tests.conftest import PLANT
from monitoring_service.reports.tests.test_reports import MONTH, made
from service_kit.auth import Caller
from service_kit.events import UserDeleted

ClientFor = Callable[[Caller | None], Any]
Deliver = Callable[..., None]


def test_each_sees_their_own_and_the_admin_all(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, bob: Caller, charlie: Caller, admin: Caller
) -> None:
    hers, his = made(client_for(alice)), made(client_for(bob))
    assert hers["summary"]["totals"][0]["kwh"] == pytest.approx(445.8)
    assert his["summary"]["totals"][0]["kwh"] == pytest.approx(22 * 0.6)  # of his own time
    for address in (f"/api/reports/{hers['id']}", hers["file_url"]):
        assert [client_for(who).get(address).status_code for who in (alice, bob, charlie, admin)] == [
            200,
            404,
            404,
            200,
        ]
    assert client_for(bob).delete(f"/api/reports/{hers['id']}").status_code == 404
    counts = [client_for(who).get("/api/reports").json()["count"] for who in (alice, bob, charlie, admin)]
    assert counts == [1, 1, 0, 2]

    assert client_for(alice).delete(f"/api/reports/{hers['id']}").status_code == 204
    assert client_for(alice).get(hers["file_url"]).status_code == 404


@pytest.mark.parametrize(
    ("scope", "hers", "charlies"),
    [
        (f"device_{METER}", 202, 404),
        ([f"device_{METER}"], 202, 404),
        ([str(METER), str(uuid.UUID(int=1))], 404, 404),
        (f"plant_{PLANT}", 202, 404),
        ("user_{alice}_all", 202, 404),
        ("all", 202, 422),
    ],
)
def test_a_scope_is_what_its_asker_may_see(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, charlie: Caller, scope: Any, hers: int, charlies: int
) -> None:
    asked = {**MONTH, "scope": json.loads(json.dumps(scope).replace("{alice}", str(alice.id)))}

    assert client_for(alice).post("/api/reports", asked).status_code == hers
    assert client_for(charlie).post("/api/reports", asked).status_code == charlies


def test_what_may_be_seen_is_decided_when_it_is_made(
    home: uuid.UUID, deliver: Deliver, client_for: ClientFor, alice: Caller, bob: Caller
) -> None:
    client = client_for(alice)
    report = client.post("/api/reports", MONTH).json()
    answer = client.get(f"/api/reports/{report['id']}/file")
    assert (answer.status_code, "is queued" in answer.json()["detail"]) == (409, True)

    deliver(device_event(owners=[bob], plant_id=PLANT), version=2)
    assert make_reports() == 1

    report = client.get(f"/api/reports/{report['id']}").json()
    assert (report["state"], report["file_url"], report["summary"]) == ("failed", None, None)
    assert "that you may see" in report["error"]
    answer = client.get(f"/api/reports/{report['id']}/file")
    assert (answer.status_code, report["error"] in answer.json()["detail"]) == (409, True)


def test_a_report_whose_worker_died_is_made_by_another_but_not_for_ever(
    home: uuid.UUID, client_for: ClientFor, alice: Caller
) -> None:
    report = client_for(alice).post("/api/reports", MONTH).json()
    taken = {"state": "running", "lease_until": timezone.now() + timedelta(minutes=1), "tries": 1}
    Report.objects.update(**taken)
    assert make_reports() == 0

    Report.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert make_reports() == 1
    assert client_for(alice).get(f"/api/reports/{report['id']}").json()["state"] == "done"

    Report.objects.update(**{**taken, "lease_until": timezone.now() - timedelta(seconds=1), "tries": MAX_TRIES})
    assert make_reports() == 0
    assert "ended 3 times" in client_for(alice).get(f"/api/reports/{report['id']}").json()["error"]


def test_nobody_fills_the_queue(home: uuid.UUID, client_for: ClientFor, alice: Caller, bob: Caller) -> None:
    for _ in range(OPEN_AT_MOST):
        assert client_for(alice).post("/api/reports", MONTH).status_code == 202

    assert client_for(alice).post("/api/reports", MONTH).status_code == 429
    assert client_for(bob).post("/api/reports", MONTH).status_code == 202


def test_a_list_takes_as_few_queries_for_many_reports(
    home: uuid.UUID, client_for: ClientFor, alice: Caller, django_assert_num_queries: Any
) -> None:
    client = client_for(alice)
    for _ in range(5):
        made(client, format="csv")
    with django_assert_num_queries(3):  # the caller's copy, the count, the page
        assert client.get("/api/reports").json()["count"] == 5


def test_they_go_after_their_time_and_with_the_person(
    home: uuid.UUID, deliver: Deliver, client_for: ClientFor, a_service: Caller, alice: Caller, admin: Caller, settings: Any
) -> None:  # fmt: skip
    client = client_for(alice)
    old, new = made(client), made(client)
    made(client_for(admin), scope=f"user_{alice.id}_all")
    others = made(client_for(admin))
    Report.objects.filter(pk=old["id"]).update(
        finished_at=timezone.now() - timedelta(days=settings.REPORT_KEEP_DAYS + 1)
    )
    assert purge_reports() == 2  # with its file
    assert [row["id"] for row in client.get("/api/reports").json()["results"]] == [new["id"]]

    answer = client_for(a_service).get(f"/internal/users/{alice.id}/export")
    told = json.load(io.BytesIO(b"".join(answer.streaming_content)))
    assert [row["id"] for row in told["reports"]] == [new["id"]]

    deliver(UserDeleted(id=alice.id), version=2)
    assert [str(pk) for pk in Report.objects.values_list("pk", flat=True)] == [others["id"]]
