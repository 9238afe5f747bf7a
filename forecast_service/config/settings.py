from service_kit.environment import BadSetting, env, env_int
from service_kit.settings import *
from service_kit.settings import DATABASES, INSTALLED_APPS, SPECTACULAR_SETTINGS

INSTALLED_APPS += [
    "forecast_service.people",
    "forecast_service.devices",
    "forecast_service.hours",
    "forecast_service.plant_series",
    "forecast_service.anomalies",
    "forecast_service.training",
    "forecast_service.forecasts",
]
# Compiling the plan of a task's hours costs more than it saves.
DATABASES["default"]["OPTIONS"]["options"] = "-c jit=off"
ROOT_URLCONF = "forecast_service.config.urls"
WSGI_APPLICATION = "forecast_service.config.wsgi.application"
USER_REPLICA = "people.User"
PERSONAL_DATA = "forecast_service.people.queries.personal_data"
HANDLERS = "forecast_service.config.handlers.HANDLERS"
OWNED = "forecast_service.config.owned.OWNED"
JOBS = "forecast_service.config.jobs.jobs"
SPECTACULAR_SETTINGS["TITLE"] = "Forecast service"
SPECTACULAR_SETTINGS["DESCRIPTION"] = "Hourly energy of the coming week, with prediction intervals."
SPECTACULAR_SETTINGS["ENUM_NAME_OVERRIDES"] = {"KindEnum": "forecast_service.forecasts.scopes.KINDS"}

FORECAST_KEEP_DAYS = env_int("FORECAST_KEEP_DAYS", 30)
if FORECAST_KEEP_DAYS < 1:
    raise BadSetting(f"FORECAST_KEEP_DAYS={FORECAST_KEEP_DAYS} keeps nothing. Set 1 or more in .env and start again.")
ANOMALY_KEEP_DAYS = env_int("ANOMALY_KEEP_DAYS", 730)
if ANOMALY_KEEP_DAYS < 91:
    raise BadSetting(
        f"ANOMALY_KEEP_DAYS={ANOMALY_KEEP_DAYS} forgets what was called normal, which counts for 90 days. "
        "Set 91 or more in .env and start again."
    )

# Celery, on a virtual host of its own. A task is acknowledged when it is done, so that a killed worker's task is done by the next.
CELERY_BROKER_URL = env("TASKS_BROKER_URL")
CELERY_TASK_DEFAULT_QUEUE = "forecasts"
CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# It does one task at a time, but would put as many by as there are processors, while the next worker has none.
CELERY_WORKER_CONCURRENCY = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # its queues would be neither durable nor quorum
CELERY_WORKER_CONSUMER = "forecast_service.worker_consumer:PromptConsumer"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
# A connection that was cut while idle is noticed at the next task and mended; a broker that is away is the caller's to know.
CELERY_TASK_PUBLISH_RETRY_POLICY = {"max_retries": 2, "interval_start": 0, "interval_step": 0.5}
