from monitoring_service.alerts.services import purge_alerts
from monitoring_service.alerts.telling import TellAlerts
from monitoring_service.alerts.thresholds import EVERY_SECONDS as THRESHOLD_SECONDS
from monitoring_service.alerts.thresholds import follow_thresholds
from monitoring_service.config.handlers import COPIES, HANDLERS
from monitoring_service.devices.status import EVERY_SECONDS as STATUS_SECONDS
from monitoring_service.devices.status import note_statuses
from monitoring_service.hours.publishing import PublishHours
from monitoring_service.readings.held import ReturnRefused
from monitoring_service.readings.recompute import recompute_once
from monitoring_service.readings.retention import keep_partitions
from monitoring_service.reports.mailing import mail_reports
from monitoring_service.reports.schedules import follow_schedules
from monitoring_service.reports.services import make_reports, purge_reports
from monitoring_service.uploads.services import ProcessUploads, purge_uploads
from service_kit.consumer import EventConsumer
from service_kit.jobs import DAY, HOUR, Unit, every
from service_kit.purge import purge
from service_kit.reconcile import tell_what_copies_lack
from service_kit.relay import RelayEvents


def jobs() -> dict[str, Unit]:
    """The background jobs of this service, by name."""
    return {
        "sync_events": EventConsumer("monitoring.sync", HANDLERS, COPIES),
        "publish_hours": PublishHours(),
        "relay_events": RelayEvents(),
        # Not at once: what waits in the queue after a restart is not silence.
        "note_statuses": every(STATUS_SECONDS, note_statuses, first=30),
        "follow_thresholds": every(THRESHOLD_SECONDS, follow_thresholds, first=30),
        "tell_alerts": every(2, TellAlerts()),
        "return_refused": every(10, ReturnRefused()),
        "recompute_hours": recompute_once,
        "keep_partitions": every(HOUR, keep_partitions),
        "process_uploads": ProcessUploads(),
        "follow_schedules": every(1, follow_schedules),
        "make_reports": make_reports,
        "mail_reports": every(1, mail_reports),
        "purge": every(HOUR, lambda: purge() + purge_uploads() + purge_reports() + purge_alerts()),
        "tell_what_copies_lack": every(DAY, tell_what_copies_lack, first=HOUR),
    }
