"""What this service does when an account changes."""

from device_service.mappings.services import unassign_everything_of
from device_service.people.models import User
from service_kit.events import Envelope, UserDeleted
from service_kit.replicas import Handlers, tombstone, user_handlers


def on_user_deleted(event: UserDeleted, envelope: Envelope) -> None:
    tombstone(User, key={"id": event.id}, version=envelope.version)
    unassign_everything_of(user_id=event.id)


HANDLERS: Handlers = {**user_handlers(User), UserDeleted: on_user_deleted}
