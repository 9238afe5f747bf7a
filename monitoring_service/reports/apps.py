from django.apps import AppConfig


class ReportsConfig(AppConfig):
    name = "monitoring_service.reports"
