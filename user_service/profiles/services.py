"""Every write of profiles, and this service's part in the registration saga."""

import uuid
from typing import Any

from django.db import transaction
from rest_framework.exceptions import NotFound

from service_kit.errors import Conflict
from service_kit.events import ProfileUpdated
from service_kit.fences import do_once, undo
from service_kit.outbox import forget, publish
from user_service.profiles.models import Profile

STEP = "user.profile"


class ProfileExists(Conflict):
    """Another saga has made this user's profile: one user, one profile."""

    default_detail = __doc__


def profile_state(profile: Profile) -> ProfileUpdated:
    return ProfileUpdated(
        id=profile.user_id,
        first_name=profile.first_name,
        last_name=profile.last_name,
        phone=profile.phone,
        timezone=profile.timezone,
    )


def publish_profile(profile: Profile) -> None:
    publish(profile_state(profile), version=profile.version)


def create_profile(*, saga_id: uuid.UUID, user_id: uuid.UUID, **fields: Any) -> tuple[dict[str, Any], bool]:
    """Make the profile, once for the saga; the answer, and whether it is new. Raises StepUndone after the undo.

    Nothing is published yet: the person becomes one only when auth_service says so (`announce_profile`).
    """

    def work() -> dict[str, Any]:
        _, new = Profile.objects.get_or_create(user_id=user_id, defaults=fields)
        if not new:
            raise ProfileExists
        # The fence keeps this answer: it tells no name, so that none is left when the person goes.
        return {"user_id": str(user_id)}

    return do_once(saga_id=saga_id, step=STEP, work=work)


def undo_profile(*, saga_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Undo `create_profile` of this saga; whether there was anything to undo. The fence refuses it from now on."""

    def work() -> None:
        Profile.objects.filter(user_id=user_id).delete()

    return undo(saga_id=saga_id, step=STEP, work=work)


@transaction.atomic
def update_profile(*, user_id: uuid.UUID, **fields: Any) -> Profile:
    profile = Profile.objects.select_for_update().filter(user_id=user_id).first()
    if profile is None:
        raise NotFound(f"There is no user {user_id}.")
    for name, value in fields.items():
        setattr(profile, name, value)
    profile.version += 1
    profile.save()
    publish_profile(profile)
    return profile


def update_profile_for_saga(*, saga_id: uuid.UUID, user_id: uuid.UUID, **fields: Any) -> dict[str, Any]:
    """`update_profile`, once for the saga: a request that comes again late must not bring old names back.

    The `version` with these names, the same however often it is asked for.
    """

    def work() -> dict[str, Any]:
        return {"version": update_profile(user_id=user_id, **fields).version}

    answer, _ = do_once(saga_id=saga_id, step="user.profile.update", work=work)
    return answer


@transaction.atomic
def announce_profile(*, user_id: uuid.UUID) -> None:
    """Tell the others of a new account's profile. An account that was made without the saga gets an empty one.

    The empty one (version 0) is not told: auth_service may know this person's names, and would take the empty ones for newer.
    """
    _, new = Profile.objects.get_or_create(user_id=user_id, defaults={"version": 0})
    if not new:
        publish_profile(Profile.objects.select_for_update().get(user_id=user_id))


@transaction.atomic
def delete_profile(*, user_id: uuid.UUID) -> None:
    """The others drop their copy at `user.deleted`, as this service does: there is no event of its own."""
    Profile.objects.filter(user_id=user_id).delete()
    forget(subject=user_id)
