from service_kit.events import DeviceCreated, DeviceDeleted, DeviceState, DeviceUpdated, Envelope
from service_kit.replicas import Handlers, tombstone, upsert, user_handlers
from service_kit.tests.example.models import Thing, User


def on_thing(event: DeviceState, envelope: Envelope) -> None:
    upsert(Thing, key={"id": event.id}, version=envelope.version, values={"name": event.name})


def on_thing_deleted(event: DeviceDeleted, envelope: Envelope) -> None:
    tombstone(Thing, key={"id": event.id}, version=envelope.version)


HANDLERS: Handlers = {
    **user_handlers(User),
    DeviceCreated: on_thing,
    DeviceUpdated: on_thing,
    DeviceDeleted: on_thing_deleted,
}
