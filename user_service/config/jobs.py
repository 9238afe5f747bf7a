"""What the user-jobs process runs, each as a thread of its own."""

from service_kit.consumer import EventConsumer
from service_kit.jobs import Unit, every
from service_kit.relay import RelayEvents, purge_published
from user_service.people.handlers import COPIES, HANDLERS


def jobs() -> dict[str, Unit]:
    return {
        "relay_events": RelayEvents(),
        "sync_events": EventConsumer("user.sync", HANDLERS, COPIES),
        "purge_published": every(3600, purge_published),
    }
