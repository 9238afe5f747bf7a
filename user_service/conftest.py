from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from service_kit.auth import Caller
from user_service.profiles.models import Profile


@pytest.fixture
def account() -> Callable[..., dict[str, Any]]:
    """`UserCreated(**account(alice))`: the state that auth_service tells of a person."""

    def make(person: Caller, *, is_active: bool = True) -> dict[str, Any]:
        email = f"{person.username}@example.org"
        role = person.role
        return {"id": person.id, "username": person.username, "email": email, "role": role, "is_active": is_active}

    return make


@pytest.fixture
def cast(db: None, alice: Caller, bob: Caller, charlie: Caller, admin: Caller, tell_of: Callable[..., None]) -> None:
    """All four have a profile, and the events of their accounts have arrived."""
    for person in (alice, bob, charlie, admin):
        Profile.objects.create(user_id=person.id, first_name=person.username.title(), last_name="Rossi")
    tell_of(alice, bob, charlie, admin)


@pytest.fixture
def by_admin(cast: None, client_for: Callable[..., APIClient], admin: Caller) -> APIClient:
    return client_for(admin)
