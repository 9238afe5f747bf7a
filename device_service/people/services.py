"""This service's part in the registration saga: it knows the user before the registration answers."""

import uuid
from typing import Any

from django.db import transaction

from device_service.mappings.services import unassign_everything_of
from device_service.people.models import User
from service_kit.fences import do_once, undo
from service_kit.replicas import upsert

STEP = "device.user"


def admit_user(*, saga_id: uuid.UUID, user_id: uuid.UUID, username: str, role: str) -> tuple[dict[str, Any], bool]:
    """Make the user known, once for the saga; the answer, and whether it is new. Raises StepUndone after the undo."""

    def work() -> dict[str, Any]:
        # Version 0: whatever auth_service tells by event is newer.
        upsert(User, key={"id": user_id}, version=0, values={"username": username, "role": role, "is_active": True})
        # The fence keeps this answer: it tells no name, so that none is left when the person goes.
        return {"user_id": str(user_id)}

    return do_once(saga_id=saga_id, step=STEP, work=work)


def dismiss_user(*, saga_id: uuid.UUID, user_id: uuid.UUID) -> bool:
    """Undo `admit_user` of this saga; whether there was anything to undo. The fence refuses it from now on."""

    def work() -> None:
        # A row with a version has come by event: then the account exists, whatever this saga thinks.
        User.objects.filter(pk=user_id, version=0).delete()

    return undo(saga_id=saga_id, step=STEP, work=work)


@transaction.atomic
def let_go_of_user(*, user_id: uuid.UUID) -> None:
    """The user sees nothing here any more. The row itself goes with `user.deleted`, whose version orders it."""
    User.objects.filter(pk=user_id).update(is_active=False)
    unassign_everything_of(user_id=user_id)
