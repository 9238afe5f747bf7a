"""Alice is alerted of her meters and answers; Bob sees his period's alerts, Charlie none."""

import json
import os
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pika
import pytest

from monitoring_service.alerts.models import Alert
from monitoring_service.alerts.telling import TellAlerts
from monitoring_service.alerts.tests.test_anomalies_become_alerts import NOTHING_USED
from monitoring_service.conftest import DAY, METER, device_event
from monitoring_service.live.tests.conftest import Watcher, server, watch
from service_kit.auth import Caller
from service_kit.events import AnomalyJudged, Assignment

__all__ = ["server", "watch"]
ADDRESS = "/api/alerts"
ONE = f"{ADDRESS}/{NOTHING_USED.id}"
ClientFor = Callable[[Caller | None], Any]
Deliver = Callable[..., None]


@pytest.fixture
def alert(meter: uuid.UUID, deliver: Deliver) -> Alert:
    deliver(NOTHING_USED, version=1)
    return Alert.objects.get()


@pytest.mark.django_db
def test_alice_reads_acknowledges_and_notes(
    alert: Alert, deliver: Deliver, client_for: ClientFor, alice: Caller, bob: Caller
) -> None:
    deliver(device_event(owners=[alice, bob]), version=2)
    alices, bobs = client_for(alice), client_for(bob)
    (shown,) = alices.get(ADDRESS).json()["results"]
    assert (shown["device_name"], shown["type"], shown["expected_kwh"]) == ("Kitchen", "fault", 3.5)
    assert (shown["read"], shown["acknowledged"], shown["note"]) == (False, False, "")

    answer = alices.patch(ONE, {"read": True, "acknowledged": True, "note": "The fuse"}, format="json")

    assert answer.status_code == 200
    assert (answer.json()["read"], answer.json()["acknowledged"], answer.json()["note"]) == (True, True, "The fuse")
    assert answer.json()["acknowledged_by"] == str(alice.id)
    assert alices.get(ADDRESS, {"read": "false"}).json()["count"] == 0
    # To read is each one's own; that somebody sees to it is everybody's to know, and the first stays.
    (his,) = bobs.get(ADDRESS, {"read": "false", "acknowledged": "true"}).json()["results"]
    assert his["note"] == "The fuse"
    bobs.patch(ONE, {"acknowledged": True}, format="json")
    assert Alert.objects.get().acknowledged_by == alice.id
    alices.patch(ONE, {"read": False, "acknowledged": False}, format="json")
    assert alices.get(ADDRESS, {"read": "false", "acknowledged": "false"}).json()["count"] == 1


@pytest.mark.django_db
def test_what_is_normal_is_told_to_the_forecast_service(
    alert: Alert, deliver: Deliver, client_for: ClientFor, alice: Caller, published: Callable[[], list[Any]]
) -> None:
    answer = client_for(alice).patch(ONE, {"normal": True}, format="json")
    assert answer.json()["state"] == "normal"
    client_for(alice).patch(ONE, {"normal": True}, format="json")

    (told,) = published()
    assert told.event == AnomalyJudged(id=alert.pk, normal=True)
    deliver(replace(NOTHING_USED, state="normal"), version=2)
    assert client_for(alice).get(ADDRESS, {"state": "normal"}).json()["count"] == 1


@pytest.mark.django_db
def test_bob_sees_what_began_in_his_period_and_charlie_nothing(
    alert: Alert, deliver: Deliver, client_for: ClientFor, alice: Caller, bob: Caller, charlie: Caller
) -> None:
    later = replace(NOTHING_USED, id=uuid.uuid4(), start=DAY + timedelta(days=1), end=DAY + timedelta(days=2))
    deliver(later, version=1)
    deliver(device_event(owners=[alice, Assignment(user_id=bob.id, from_=later.start)]), version=2)

    assert [row["id"] for row in client_for(bob).get(ADDRESS).json()["results"]] == [str(later.id)]
    assert client_for(bob).patch(ONE, {"read": True}, format="json").status_code == 404
    assert client_for(charlie).get(ADDRESS).json()["count"] == 0
    assert client_for(alice).get(ADDRESS).json()["count"] == 2


@pytest.mark.django_db
@pytest.mark.parametrize("question", [{"type": "fire"}, {"severity": "worst"}, {"device_id": "kitchen"}, {"read": "x"}])
def test_a_bad_question_is_refused_by_name(
    alert: Alert, client_for: ClientFor, alice: Caller, question: dict[str, str]
) -> None:
    answer = client_for(alice).get(ADDRESS, question)
    assert (answer.status_code, list(answer.json())) == (400, list(question))


@pytest.mark.django_db
def test_many_alerts_take_as_many_queries_as_one(
    alert: Alert, deliver: Deliver, client_for: ClientFor, alice: Caller, django_assert_num_queries: Any
) -> None:
    for day in range(20):
        deliver(replace(NOTHING_USED, id=uuid.uuid4(), start=DAY + timedelta(days=day)), version=1)

    client = client_for(alice)
    with django_assert_num_queries(3):
        assert client.get(ADDRESS).json()["count"] == 21


@pytest.mark.django_db
def test_the_admin_says_what_is_raised(
    alert: Alert, deliver: Deliver, client_for: ClientFor, admin: Caller, alice: Caller
) -> None:
    rules = f"{ADDRESS}/rules"
    rule = {"type": "fault", "device_id": str(METER), "enabled": False}
    for _ in range(2):
        assert client_for(admin).put(rules, rule, format="json").json() == rule

    assert client_for(alice).get(rules).json()["results"] == [rule]
    assert client_for(alice).put(rules, rule, format="json").status_code == 403
    assert client_for(admin).put(rules, {**rule, "device_id": str(uuid.uuid4())}, format="json").status_code == 404
    deliver(replace(NOTHING_USED, id=uuid.uuid4()), version=1)
    assert Alert.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_alice_watches_it_come(
    meter: uuid.UUID, deliver: Deliver, watch: Callable[..., Watcher], alice: Caller, admin: Caller
) -> None:
    watcher = watch(alice)
    deliver(NOTHING_USED, version=1)

    told = watcher.next_of("alert")
    assert (told["id"], told["type"], told["state"]) == (str(NOTHING_USED.id), "fault", "open")
    deliver(replace(NOTHING_USED, state="ended"), version=2)
    assert watcher.next_of("alert")["state"] == "ended"


@pytest.mark.django_db
def test_who_listens_by_mqtt_is_told_once_of_each_change(alert: Alert, deliver: Deliver) -> None:
    link = pika.BlockingConnection(pika.URLParameters(os.environ["BROKER_ADMIN_URL"].rsplit("/", 1)[0] + "/%2F"))
    channel = link.channel()
    queue = channel.queue_declare("", exclusive=True).method.queue
    tell = TellAlerts()
    assert tell() == 1  # nobody listens yet
    channel.queue_bind(queue, "amq.topic", f"energy.alerts.{METER}")
    assert tell() == 0
    deliver(replace(NOTHING_USED, state="ended"), version=2)
    assert tell() == 1

    _, _, body = channel.basic_get(queue, auto_ack=True)
    assert json.loads(body)["state"] == "ended"
    assert channel.basic_get(queue)[0] is None
    tell.close()
    link.close()
