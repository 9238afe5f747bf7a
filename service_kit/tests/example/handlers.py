import uuid
from typing import Any

from service_kit.events import Envelope
from service_kit.reconcile import Copies
from service_kit.replicas import Handlers, copy_of, tombstone, upsert, user_handlers
from service_kit.tests.example.events import (
    ThingDeleted,
    ThingNamed,
    ThingOfOthers,
    ThingState,
)
from service_kit.tests.example.models import Thing, User


def on_named(event: ThingState, envelope: Envelope) -> None:
    if event.name == "poison":
        raise ValueError("no handler survives this")
    upsert(
        Thing,
        key={"id": event.id},
        version=envelope.version,
        values={"name": event.name},
    )


def on_deleted(event: ThingDeleted, envelope: Envelope) -> None:
    tombstone(Thing, key={"id": event.id}, version=envelope.version)


COPIES: Copies = {ThingNamed: copy_of(Thing)}
HANDLERS: Handlers = {
    **user_handlers(User),
    ThingNamed: on_named,
    ThingOfOthers: on_named,
    ThingDeleted: on_deleted,
}


def personal_data(user_id: uuid.UUID) -> dict[str, Any]:
    return {"things": iter(Thing.objects.order_by("name").values("name")), "of": user_id}
