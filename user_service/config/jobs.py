"""What the user-jobs process runs, each as a thread of its own."""

from service_kit.consumer import EventConsumer
from service_kit.jobs import DAY, HOUR, Unit, every
from service_kit.purge import purge
from service_kit.reconcile import tell_what_copies_lack
from service_kit.relay import RelayEvents
from user_service.people.handlers import COPIES, HANDLERS


def jobs() -> dict[str, Unit]:
    return {
        "relay_events": RelayEvents(),
        "sync_events": EventConsumer("user.sync", HANDLERS, COPIES),
        "purge": every(HOUR, purge),
        "tell_what_copies_lack": every(DAY, tell_what_copies_lack, first=HOUR),
    }
