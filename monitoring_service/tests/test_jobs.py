"""What this service tells is carried to the broker: an event in an outbox that nobody empties is told to nobody."""

from monitoring_service.config.jobs import jobs
from service_kit.relay import RelayEvents


def test_the_outbox_has_its_relay() -> None:
    assert isinstance(jobs()["relay_events"], RelayEvents)
