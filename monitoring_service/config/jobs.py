from monitoring_service.config.handlers import COPIES, HANDLERS
from monitoring_service.hours.publishing import PublishHours
from monitoring_service.readings.held import ReturnRefused
from monitoring_service.readings.recompute import recompute_once
from monitoring_service.readings.retention import keep_partitions
from monitoring_service.uploads.services import ProcessUploads, purge_uploads
from service_kit.consumer import EventConsumer
from service_kit.jobs import Unit, every


def jobs() -> dict[str, Unit]:
    """The background jobs of this service, by name."""
    return {
        "sync_events": EventConsumer("monitoring.sync", HANDLERS, COPIES),
        "publish_hours": PublishHours(),
        "return_refused": every(10, ReturnRefused()),
        "recompute_hours": recompute_once,
        "keep_partitions": every(3600, keep_partitions),
        "process_uploads": ProcessUploads(),
        "purge_uploads": every(3600, purge_uploads),
    }
