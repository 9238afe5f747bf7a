from service_kit.environment import env, env_count
from service_kit.mail import mail_from, mail_server, public_url
from service_kit.settings import *
from service_kit.settings import BROKER_URL, DATABASES, ENVIRONMENT, INSTALLED_APPS, SPECTACULAR_SETTINGS

INSTALLED_APPS += [
    "monitoring_service.people",
    "monitoring_service.devices",
    "monitoring_service.readings",
    "monitoring_service.uploads",
    "monitoring_service.hours",
    "monitoring_service.forecasts",
    "monitoring_service.series",
    "monitoring_service.events",
    "monitoring_service.alerts",
    "monitoring_service.reports",
]
ROOT_URLCONF = "monitoring_service.config.urls"
WSGI_APPLICATION = "monitoring_service.config.wsgi.application"
USER_REPLICA = "people.User"
PERSONAL_DATA = "monitoring_service.people.queries.personal_data"
HANDLERS = "monitoring_service.config.handlers.HANDLERS"
DEAD_LETTERS = "monitoring_service.readings.replay.dead_letters"
OWNED = "monitoring_service.config.owned.OWNED"
JOBS = "monitoring_service.config.jobs.jobs"
HEALTH_WARNINGS = {
    "ingest": "monitoring_service.readings.health.ingest_warning",
    "refused_readings": "monitoring_service.readings.health.refused_warning",
}
SPECTACULAR_SETTINGS["TITLE"] = "Monitoring service"
SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"] = {
    "AlertState": "monitoring_service.alerts.models.Alert.State",
    "UploadState": "monitoring_service.uploads.models.Upload.State",
    "ReportFormat": "monitoring_service.reports.models.Format",
}

# Compiling a plan costs more than it saves where every answer is short: a dashboard of 50 devices took 960 ms of CPU, without 340.
DATABASES["default"]["OPTIONS"]["options"] = "-c jit=off"
# Readings come by the virtual host of the meters, with this service's own user there.
METER_BROKER_URL = env("METER_BROKER_URL", BROKER_URL)
# An hour that was complete and changes later than this after its end is `late`.
GRACE_MINUTES = env_count("GRACE_MINUTES", 15)
# Months of readings that are kept beside the running one; 0 keeps all. Hours stay for ever.
RETENTION_MONTHS = env_count("RETENTION_MONTHS", 0)
# Days that reports are kept, and alerts that are over; 0 keeps them for ever.
REPORT_KEEP_DAYS = env_count("REPORT_KEEP_DAYS", 400)
ALERT_KEEP_DAYS = env_count("ALERT_KEEP_DAYS", 730)
# Reports go to their owners by mail, with a link to the dashboard.
PUBLIC_URL = public_url()
MAIL_FROM = mail_from()
MAIL_SERVER = mail_server(ENVIRONMENT)
