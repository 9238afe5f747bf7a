"""The administrator's view of the users."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.sagas.engine import run_due
from auth_service.sagas.models import Saga
from auth_service.tests.conftest import Participants
from service_kit.events import ProfileUpdated, UserDeleted

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]
SignedIn = Callable[[Account], APIClient]


def test_only_the_admin_sees_the_users(account: Make, signed_in: SignedIn) -> None:
    alice, admin = account("alice"), account("admin", role="admin")
    for path in ("/api/auth/users", f"/api/auth/users/{alice.pk}"):
        statuses = [APIClient().get(path), signed_in(alice).get(path), signed_in(admin).get(path)]
        assert [answer.status_code for answer in statuses] == [401, 403, 200]


def test_the_list_takes_as_many_queries_for_fifty_as_for_one(
    account: Make, signed_in: SignedIn, django_assert_num_queries: Any
) -> None:
    admin = account("admin", role="admin")
    with django_assert_num_queries(3):
        signed_in(admin).get("/api/auth/users")
    Account.objects.bulk_create(
        Account(username=f"user{i}", email=f"user{i}@example.org", state="active") for i in range(49)
    )
    with django_assert_num_queries(3):
        assert signed_in(admin).get("/api/auth/users").json()["count"] == 50


def test_users_are_found_by_name_address_and_role(account: Make, signed_in: SignedIn) -> None:
    admin = account("admin", role="admin")
    account("alice", last_name="Rossi")
    account("bob")
    account("half", state="pending")
    found = signed_in(admin).get
    names = lambda query: [u["username"] for u in found(f"/api/auth/users?{query}").json()["results"]]  # noqa: E731
    assert names("search=ross") == ["alice"]
    assert names("search=bob@") == ["bob"]
    assert names("role=admin") == ["admin"]
    assert names("") == ["admin", "alice", "bob"]
    assert found("/api/auth/users?role=owner").json().keys() == {"role"}
    assert found("/api/auth/users?search=%00").json().keys() == {"detail"}


@pytest.mark.django_db(transaction=True)
def test_the_admin_makes_another_admin(account: Make, signed_in: SignedIn, participants: Participants) -> None:
    admin = account("admin", role="admin")
    body = {
        "username": "eve", "email": "eve@example.org", "password": "correct horse battery", "role": "admin",
        "first_name": "Eve", "last_name": "Neri",
    }  # fmt: skip
    answer = signed_in(admin).post("/api/auth/users", body)
    assert (answer.status_code, answer.json()["role"]) == (201, "admin")
    assert signed_in(admin).post(
        "/api/auth/users", {**body, "username": "x", "email": "y@z.org", "role": "root"}
    ).json() == {"role": ['"root" is not a valid choice.']}
    assert "access" not in answer.json()


@pytest.mark.django_db(transaction=True)
def test_the_admin_changes_a_user_everywhere(
    account: Make, signed_in: SignedIn, participants: Participants, published: Any
) -> None:
    admin, alice = account("admin", role="admin"), account("alice", first_name="Alice", last_name="Rossi")
    path = f"/api/auth/users/{alice.pk}"
    changed = signed_in(admin).patch(path, {"email": "new@example.org", "last_name": "Verdi"})
    assert changed.status_code == 200
    assert {**changed.json(), "first_name": "Alice", "last_name": "Verdi", "email": "new@example.org"} == changed.json()
    assert participants.made() == ["PUT /internal/users/:id"]
    assert participants.calls[0][2] | {"first_name": "Alice", "last_name": "Verdi"} == participants.calls[0][2]
    (envelope,) = published()
    assert (envelope.event.type, envelope.event.email, envelope.version) == ("user.updated", "new@example.org", 2)
    account("bob")
    assert signed_in(admin).patch(path, {"username": "BOB"}).status_code == 400
    assert signed_in(admin).put(path, {"email": "x@example.org"}).status_code == 400
    assert signed_in(admin).patch(f"/api/auth/users/{uuid.uuid4()}", {"phone": "1"}).status_code == 404


@pytest.mark.parametrize(
    "names", [{"phone": "call me"}, {"phone": "1" * 33}, {"first_name": "x" * 151}, {"last_name": "a\0b"}]
)
def test_names_that_the_user_service_would_refuse_change_nothing_of_the_account(
    account: Make, signed_in: SignedIn, participants: Participants, names: dict[str, str]
) -> None:
    admin, alice = account("admin", role="admin"), account("alice")
    answer = signed_in(admin).patch(f"/api/auth/users/{alice.pk}", {"email": "new@example.org", **names})
    assert (answer.status_code, list(answer.json())) == (400, list(names))
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert participants.calls == []


@pytest.mark.django_db(transaction=True)
def test_a_deactivated_user_is_signed_out_at_once(account: Make, signed_in: SignedIn) -> None:
    admin, alice = account("admin", role="admin"), account("alice")
    her = signed_in(alice)
    tokens = APIClient().post("/api/auth/login", {"username": "alice", "password": "correct horse battery"}).json()
    assert signed_in(admin).patch(f"/api/auth/users/{alice.pk}", {"is_active": False}).json()["is_active"] is False
    assert her.get("/api/auth/validate").status_code == 401
    assert APIClient().post("/api/auth/refresh", {"refresh": tokens["refresh"]}).status_code == 401
    signed_in(admin).patch(f"/api/auth/users/{alice.pk}", {"is_active": True})
    assert APIClient().post("/api/auth/refresh", {"refresh": tokens["refresh"]}).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_a_deleted_user_is_gone_everywhere_and_the_name_is_free(
    account: Make, signed_in: SignedIn, participants: Participants, published: Any
) -> None:
    admin, alice = account("admin", role="admin"), account("alice")
    her = signed_in(alice)
    assert signed_in(admin).delete(f"/api/auth/users/{alice.pk}").status_code == 204
    assert participants.made() == ["DELETE /internal/users/:id"] * 2
    (gone,) = published()
    assert (gone.event, gone.version) == (UserDeleted(id=alice.pk), 3)
    assert her.get("/api/auth/validate").status_code == 401
    assert signed_in(admin).delete(f"/api/auth/users/{alice.pk}").status_code == 404
    account("alice")


@pytest.mark.django_db(transaction=True)
def test_a_deletion_goes_on_until_everybody_has_let_go(
    account: Make, signed_in: SignedIn, participants: Participants, settings: Any, published: Any
) -> None:
    settings.SAGA_WAIT_SECONDS = settings.SAGA_DEADLINE_SECONDS = 0
    participants.answers["DELETE /internal/users"] = [204, 503, 503, 204]
    admin, alice = account("admin", role="admin"), account("alice")
    answer = signed_in(admin).delete(f"/api/auth/users/{alice.pk}")
    assert answer.status_code == 202
    (refused,) = published()
    assert (refused.event.type, refused.event.is_active, refused.version) == ("user.updated", False, 2)
    login = APIClient().post("/api/auth/login", {"username": "alice", "password": "correct horse battery"})
    assert login.status_code == 401
    while Saga.objects.get().state in Saga.OPEN:
        Saga.objects.update(next_attempt_at=timezone.now())
        assert run_due()
    assert signed_in(admin).get(answer.json()["status_url"]).status_code == 204
    assert not Account.objects.filter(username="alice").exists()


@pytest.mark.django_db(transaction=True)
def test_the_last_administrator_stays(account: Make, signed_in: SignedIn, participants: Participants) -> None:
    admin = account("admin", role="admin")
    account("sleeping", role="admin", is_active=False)
    path = f"/api/auth/users/{admin.pk}"
    assert signed_in(admin).delete(path).status_code == 409
    assert signed_in(admin).patch(path, {"role": "client"}).status_code == 409
    assert signed_in(admin).patch(path, {"is_active": False}).json() == {
        "detail": "This is the last administrator who can sign in. Make another one first."
    }
    account("second", role="admin")
    assert signed_in(admin).delete(path).status_code == 204


@pytest.mark.django_db(transaction=True)
def test_two_changes_of_one_user_at_once_are_one_and_a_conflict(
    account: Make, signed_in: SignedIn, participants: Participants, settings: Any
) -> None:
    settings.SAGA_WAIT_SECONDS = 0
    participants.answers["PUT /internal/users"] = [503]
    admin, alice = account("admin", role="admin"), account("alice")
    path = f"/api/auth/users/{alice.pk}"
    assert signed_in(admin).patch(path, {"phone": "1"}).status_code == 202
    assert signed_in(admin).delete(path).status_code == 409
    alice.refresh_from_db()
    assert (alice.state, alice.is_active) == ("active", True)


def test_names_follow_the_profile_and_an_old_event_changes_nothing(account: Make, deliver: Any) -> None:
    alice = account("alice")
    event = ProfileUpdated(id=alice.pk, first_name="Alicia", last_name="Rossi", phone="1", timezone="Europe/Rome")
    deliver(event, version=3)
    deliver(ProfileUpdated(id=alice.pk, first_name="Old", last_name="Old", phone="", timezone="UTC"), version=2)
    alice.refresh_from_db()
    assert (alice.first_name, alice.phone, alice.profile_version) == ("Alicia", "1", 3)
    deliver(ProfileUpdated(id=uuid.uuid4(), first_name="", last_name="", phone="", timezone="UTC"))


@pytest.mark.parametrize("path", ["/api/", "/api/docs/", "/api/auth/health", "/api/auth/schema/", "/api/auth/docs/"])
def test_the_open_pages_are_open(path: str) -> None:
    assert APIClient().get(path).status_code == 200


def test_swagger_ui_serves_its_own_files() -> None:
    page = APIClient().get("/api/docs/").content.decode()
    assert "/api/auth/static/" in page
    assert "https://" not in page
