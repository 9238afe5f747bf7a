"""What the accounts' events do to the profiles."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from service_kit.auth import Caller
from service_kit.events import UserCreated, UserDeleted, UserUpdated
from user_service.people.models import User
from user_service.profiles.models import Profile

pytestmark = pytest.mark.django_db
Account = Callable[..., dict[str, Any]]
Deliver = Callable[..., None]


def test_a_new_accounts_profile_is_told_once(
    deliver: Deliver, account: Account, alice: Caller, published: Callable[[], list[Any]]
) -> None:
    Profile.objects.create(user_id=alice.id, first_name="Alice")
    for _ in range(2):
        deliver(UserCreated(**account(alice)))
    deliver(UserUpdated(**account(alice)), version=2)
    assert [(e.event.first_name, e.version) for e in published()] == [("Alice", 1)]


def test_an_update_that_overtakes_the_creation_tells_it_too(
    deliver: Deliver, account: Account, alice: Caller, published: Callable[[], list[Any]]
) -> None:
    Profile.objects.create(user_id=alice.id, first_name="Alice")
    deliver(UserUpdated(**account(alice)), version=2)
    deliver(UserCreated(**account(alice)))
    assert len(published()) == 1


def test_an_account_made_without_the_saga_gets_an_empty_profile(
    deliver: Deliver, account: Account, admin: Caller, client_for: Callable[..., APIClient],
    published: Callable[[], list[Any]],
) -> None:  # fmt: skip
    deliver(UserCreated(**account(admin)))
    call_command("resync")
    assert published() == []  # empty names are no news
    body = client_for(admin).get(f"/api/users/{admin.id}").json()
    assert (body["username"], body["first_name"], body["timezone"]) == ("admin", "", "UTC")


def test_a_deleted_users_profile_goes_and_does_not_come_back(
    cast: None, deliver: Deliver, account: Account, alice: Caller, bob: Caller, client_for: Callable[..., APIClient]
) -> None:
    for _ in range(2):
        deliver(UserDeleted(id=alice.id), version=3)
    deliver(UserUpdated(**account(alice)), version=2)
    assert not Profile.objects.filter(user_id=alice.id).exists()
    gone = User.objects.get(pk=alice.id)
    assert (gone.username, gone.email) == ("", "")
    assert client_for(alice).get(f"/api/users/{alice.id}").status_code == 401
    assert Profile.objects.filter(user_id=bob.id).exists()


def test_a_profile_whose_accounts_event_has_not_arrived_is_shown_to_its_owner(
    client_for: Callable[..., APIClient], alice: Caller
) -> None:
    Profile.objects.create(user_id=alice.id, first_name="Alice")
    body = client_for(alice).get(f"/api/users/{alice.id}").json()
    assert (body["first_name"], body["username"], body["role"]) == ("Alice", None, None)
