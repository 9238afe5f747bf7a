"""PostgreSQL is away, dies, or commits late."""

from collections.abc import Callable

import pytest

from tests.faults.conftest import People
from tests.faults.system import System
from tests.journeys.client import wait_for


@pytest.mark.fault(
    "the database server down", "requests get 503; events wait in their queues, and none becomes a dead letter"
)
def test_the_database_is_down(system: System, people: People, agreed: Callable[..., None]) -> None:
    before = people.form("Before")
    assert people.may_register(before)
    with system.without("postgres"):
        assert people.ask(people.form()).status_code >= 500
        system.outage()
    alice = people.form()
    wait_for("people can register again", lambda: people.ask(alice).status_code in (201, 202, 400))
    agreed()
    assert people.can_sign_in(before)
    assert people.can_sign_in(alice)


@pytest.mark.full
@pytest.mark.fault(
    "the database server killed with -9 while people register",
    "whoever was told 201 exists everywhere; nobody is half there",
)
def test_the_database_is_killed(system: System, people: People, agreed: Callable[..., None]) -> None:
    told = []
    for number in range(6):
        form = people.form()
        if number == 2:
            system.kill("postgres")
        if people.ended(people.ask(form)).status_code == 201:
            told.append(form)
    agreed()
    assert told
    assert all(people.can_sign_in(form) for form in told)


@pytest.mark.fault("a transaction that commits its event after later ones went out", "the event is sent all the same")
def test_an_event_that_commits_late(system: System, people: People, agreed: Callable[..., None]) -> None:
    alice = people.register()
    agreed()
    slow = system.database("auth")
    with slow.cursor() as cursor:
        cursor.execute(
            "UPDATE accounts_account SET version = version + 1 WHERE id = %s RETURNING version", [alice["id"]]
        )
        (version,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO service_kit_outboxevent (type, body, created_at)"
            " SELECT 'user.updated', convert_to(jsonb_set(jsonb_set(convert_from(body, 'UTF8')::jsonb, '{type}', '\"user.updated\"'),"
            " '{aggregateversion}', to_jsonb(%s))::text, 'UTF8'), now()"
            " FROM service_kit_outboxevent WHERE convert_from(body, 'UTF8')::jsonb->>'subject' = %s RETURNING id",
            [version, alice["id"]],
        )
        (early,) = cursor.fetchone()
    people.register("Bob")
    wait_for(
        "a later event is sent",
        lambda: system.sql(
            "auth", "SELECT 1 FROM service_kit_outboxevent WHERE id > %s AND published_at IS NOT NULL", early
        ),
    )
    slow.commit()
    slow.close()
    agreed()
    sent = system.sql("auth", "SELECT published_at IS NOT NULL FROM service_kit_outboxevent WHERE id = %s", early)
    assert sent == [(True,)]
