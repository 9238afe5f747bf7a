from django.apps import AppConfig


class HoursConfig(AppConfig):
    name = "monitoring_service.hours"
