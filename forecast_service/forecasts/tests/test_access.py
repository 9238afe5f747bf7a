"""Alice owns, Bob shares, Charlie is refused: by 404, as if there were nothing."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from service_kit.events import Assignment, UserCreated

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(device, plant, hours, habit, alice, bob):
    """Alice's house: a meter that Bob sees too, and solar panels that he does not."""
    house = plant()
    meter, panels = device(alice, bob, plant_id=house), device(alice, plant_id=house, kind="production")
    hours(meter, habit(10))
    hours(panels, habit(10, level=3))
    return {"plant": house, "meter": meter, "panels": panels}


def status(client, **query):
    return client.get("/api/forecasts", query).status_code


def test_without_a_token_there_is_no_answer(client_for, home):
    assert status(client_for(None), device_id=str(home["meter"])) == 401


def test_who_sees_which_scope(home, client_for, alice, bob, charlie, admin, deliver):
    scopes = {
        "meter": f"device_{home['meter']}",
        "panels": f"device_{home['panels']}",
        "both": f"device_{home['meter']},device_{home['panels']}",
        "plant": f"plant_{home['plant']}",
        "alice": f"user_{alice.id}_all",
        "bob": f"user_{bob.id}_all",
        "nobody": f"user_{uuid.uuid4()}_all",
        "nowhere": f"plant_{uuid.uuid4()}",
    }
    for person in (alice, bob, charlie):
        state = {"id": person.id, "username": person.username, "email": f"{person.username}@example.org"}
        deliver(UserCreated(**state, role="client", is_active=True))
    sees = {
        alice: {"meter", "panels", "both", "plant", "alice"},
        bob: {"meter", "bob"},
        charlie: set(),
        admin: {"meter", "panels", "both", "plant", "alice", "bob"},
    }
    for person, allowed in sees.items():
        client = client_for(person)
        for name, scope in scopes.items():
            assert (status(client, scope=scope) == 200) == (name in allowed), (person.username, name)
            if name not in allowed:
                assert status(client, scope=scope) == 404, (person.username, name)


def test_a_list_with_one_foreign_device_is_refused_whole(home, client_for, bob):
    assert status(client_for(bob), device_ids=f"{home['meter']},{home['panels']}") == 404


def test_somebody_without_devices_is_told_so(client_for, charlie):
    answer = client_for(charlie).get("/api/forecasts", {"scope": f"user_{charlie.id}_all"})
    assert answer.status_code == 409
    assert "has no device" in answer.json()["detail"]


def test_a_period_that_is_over_or_not_begun_shows_nothing(device, hours, habit, client_for, bob):
    now = timezone.now()
    past = Assignment(user_id=bob.id, from_=now - timedelta(days=9), to=now - timedelta(days=1))
    coming = Assignment(user_id=bob.id, from_=now + timedelta(days=1))
    running = Assignment(user_id=bob.id, from_=now - timedelta(days=1), to=now + timedelta(days=1))
    for assignment, expected in ((past, 404), (coming, 404), (running, 200)):
        meter = device(assignments=[assignment])
        hours(meter, habit(10))
        assert status(client_for(bob), device_id=str(meter)) == expected


def test_an_unassigned_device_is_gone_at_once(home, device, client_for, bob):
    client = client_for(bob)
    assert status(client, device_id=str(home["meter"])) == 200
    device(version=2, id=home["meter"])
    assert status(client, device_id=str(home["meter"])) == 404
