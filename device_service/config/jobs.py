"""What the device-jobs process runs, each as a thread of its own."""

from device_service.devices.meters_out import send_meters_away
from device_service.people.handlers import COPIES, HANDLERS
from service_kit.consumer import EventConsumer
from service_kit.jobs import DAY, HOUR, Unit, every
from service_kit.purge import purge
from service_kit.reconcile import tell_what_copies_lack
from service_kit.relay import RelayEvents


def jobs() -> dict[str, Unit]:
    return {
        "relay_events": RelayEvents(),
        "sync_events": EventConsumer("device.sync", HANDLERS, COPIES),
        "send_meters_away": every(1, send_meters_away),
        "purge": every(HOUR, purge),
        "tell_what_copies_lack": every(DAY, tell_what_copies_lack, first=HOUR),
    }
