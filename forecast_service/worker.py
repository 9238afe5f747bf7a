"""The Celery application: `celery -A forecast_service.worker worker --pool solo`."""

import os

from celery import Celery

from service_kit.environment import env

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "forecast_service.config.settings")
# Celery's command line reads BROKER_URL, which here is the address of the events' virtual host.
os.environ["CELERY_BROKER_URL"] = env("TASKS_BROKER_URL")
app = Celery("forecast_service")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["forecast_service.forecasts", "forecast_service.training"])
