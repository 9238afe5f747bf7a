"""Named reads of profiles. Who may see what is part of the query, never an `if` after it."""

import uuid
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from service_kit.auth import Caller
from user_service.people.models import User
from user_service.profiles.models import Profile


def profiles() -> QuerySet[Profile]:
    """All profiles with username, email, role and is_active of their account (None until its event has arrived)."""
    account = User.live.filter(pk=OuterRef("user_id"))
    fields = ("username", "email", "role", "is_active")
    return Profile.objects.annotate(**{field: Subquery(account.values(field)) for field in fields})


def told_profiles() -> QuerySet[Profile]:
    """Those that the other services know of: of known accounts, and not the empty ones that an account's event made."""
    return Profile.objects.filter(Exists(User.live.filter(pk=OuterRef("user_id"))), version__gt=0)


def profiles_visible_to(caller: Caller) -> QuerySet[Profile]:
    return profiles() if caller.is_admin else profiles().filter(user_id=caller.id)


def personal_data(user_id: uuid.UUID) -> dict[str, Any]:
    """What this service holds of the person, for its export; `profile` is None for somebody unknown."""
    fields = ("first_name", "last_name", "phone", "timezone", "created_at", "updated_at")
    return {"profile": Profile.objects.filter(user_id=user_id).values(*fields).first()}
