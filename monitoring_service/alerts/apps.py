from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "monitoring_service.alerts"
