"""The administrator's view of the users."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.tests.conftest import Participants
from service_kit.events import ProfileUpdated

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
