"""What this service does when an account changes."""

from device_service.mappings.services import unassign_everything_of
from device_service.people.models import User
from service_kit.events import Envelope, UserDeleted, UserUpdated
from service_kit.reconcile import Copies
from service_kit.replicas import Handlers, copy_of, tombstone, user_handlers


def on_user_deleted(event: UserDeleted, envelope: Envelope) -> None:
    tombstone(User, key={"id": event.id}, version=envelope.version)
    unassign_everything_of(user_id=event.id)


COPIES: Copies = {UserUpdated: copy_of(User)}
HANDLERS: Handlers = {**user_handlers(User), UserDeleted: on_user_deleted}
