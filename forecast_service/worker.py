"""The Celery application: `celery -A forecast_service.worker worker --pool solo`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forecast_service.config.settings")
app = Celery("forecast_service")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["forecast_service.forecasts"])
