"""What this service does when an account changes."""

from service_kit.events import Envelope, UserCreated, UserDeleted, UserState, UserUpdated
from service_kit.reconcile import Copies
from service_kit.replicas import Handlers, copy_of, tombstone, upsert
from user_service.people.models import User
from user_service.profiles.services import announce_profile, delete_profile


def on_user_changed(event: UserState, envelope: Envelope) -> None:
    # Not the event's type decides what is new here: an update can overtake the creation, which then counts as old.
    new = not User.objects.filter(pk=event.id).exists()
    values = {"username": event.username, "email": event.email, "role": event.role, "is_active": event.is_active}
    if upsert(User, key={"id": event.id}, version=envelope.version, values=values) and new:
        announce_profile(user_id=event.id)


def on_user_deleted(event: UserDeleted, envelope: Envelope) -> None:
    tombstone(User, key={"id": event.id}, version=envelope.version)
    delete_profile(user_id=event.id)


COPIES: Copies = {UserUpdated: copy_of(User)}
HANDLERS: Handlers = {UserCreated: on_user_changed, UserUpdated: on_user_changed, UserDeleted: on_user_deleted}
