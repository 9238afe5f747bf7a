"""Reading and changing profiles, and what the others are told of it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from service_kit.auth import Caller
from service_kit.events import ProfileUpdated
from user_service.profiles.models import Profile

Published = Callable[[], list[Any]]


def test_alice_changes_her_profile_and_the_others_are_told(
    cast: None, client_for: Callable[..., APIClient], alice: Caller, published: Published
) -> None:
    told_before = len(published())
    answer = client_for(alice).patch(
        f"/api/users/{alice.id}", {"last_name": " Bianchi ", "phone": "+39 011 555-0100", "timezone": "Asia/Kolkata"}
    )
    body = answer.json()
    assert answer.status_code == 200
    assert {name: body[name] for name in ("id", "username", "email", "role", "first_name", "last_name")} == {
        "id": str(alice.id),
        "username": "alice",
        "email": "alice@example.org",
        "role": "client",
        "first_name": "Alice",
        "last_name": "Bianchi",
    }
    (told,) = published()[told_before:]
    assert told.event == ProfileUpdated(
        id=alice.id, first_name="Alice", last_name="Bianchi", phone="+39 011 555-0100", timezone="Asia/Kolkata"
    )
    assert told.version == 2


def test_role_and_email_cannot_be_changed_here(cast: None, client_for: Callable[..., APIClient], alice: Caller) -> None:
    wish = {"role": "admin", "email": "a@b.org", "username": "root", "is_active": False}
    body = client_for(alice).patch(f"/api/users/{alice.id}", wish).json()
    assert (body["role"], body["email"], body["username"], body["is_active"]) == (
        "client", "alice@example.org", "alice", True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"timezone": "Europe/Roma"}, "timezone", "'Europe/Roma' is not an IANA time zone. Did you mean Europe/Rome?"),
        ({"timezone": ""}, "timezone", "blank"),
        ({"phone": "call me"}, "phone", "'call me' is not a phone number"),
        ({"first_name": "x" * 151}, "first_name", "150"),
        ({"first_name": None}, "first_name", "null"),
    ],
)
def test_what_cannot_be_is_refused_and_named(
    cast: None,
    client_for: Callable[..., APIClient],
    alice: Caller,
    published: Published,
    change: Any,
    field: str,
    says: str,
) -> None:
    told_before = len(published())
    answer = client_for(alice).patch(f"/api/users/{alice.id}", change)
    assert answer.status_code == 400
    assert says in answer.json()[field][0]
    assert len(published()) == told_before


def test_the_admin_lists_and_searches_profiles_in_three_queries(
    by_admin: APIClient, bob: Caller, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(3):  # the caller's copy, the count, the page
        page = by_admin.get("/api/users").json()
    assert page["count"] == 4
    assert [p["username"] for p in page["results"]] == ["admin", "alice", "bob", "charlie"]

    def found(term: str) -> list[str]:
        return [p["id"] for p in by_admin.get(f"/api/users?search={term}").json()["results"]]

    assert found("bob@example") == [str(bob.id)]
    assert found("BOB") == [str(bob.id)]
    assert len(found("rossi")) == 4
    assert found("nobody") == []


def test_the_pages_hold_each_profile_once(by_admin: APIClient) -> None:
    Profile.objects.bulk_create(Profile(user_id=uuid.uuid4(), last_name="Same") for _ in range(5))
    seen: list[str] = []
    url: str | None = "/api/users?page_size=2"
    while url:
        page = by_admin.get(url).json()
        seen += [profile["id"] for profile in page["results"]]
        url = page["next"]
    assert len(seen) == len(set(seen)) == 9


def test_a_user_without_a_profile_is_a_404(by_admin: APIClient) -> None:
    unknown = f"/api/users/{uuid.uuid4()}"
    answer = by_admin.get(unknown)
    assert (answer.status_code, answer.json()) == (404, {"detail": f"There is no user {unknown[-36:]}."})
    assert by_admin.patch(unknown, {"first_name": "X"}).status_code == 404


def test_a_resync_tells_every_profile_with_its_present_version(
    cast: None, client_for: Callable[..., APIClient], alice: Caller, published: Published, capsys: Any
) -> None:
    client_for(alice).patch(f"/api/users/{alice.id}", {"phone": "1"})
    told_before = len(published())
    call_command("resync")
    assert capsys.readouterr().out == "Told: 4 profile(s).\n"
    assert sorted((e.event.first_name, e.version) for e in published()[told_before:]) == [
        ("Admin", 1), ("Alice", 2), ("Bob", 1), ("Charlie", 1),
    ]  # fmt: skip
