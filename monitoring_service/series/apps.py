from django.apps import AppConfig


class SeriesConfig(AppConfig):
    name = "monitoring_service.series"
