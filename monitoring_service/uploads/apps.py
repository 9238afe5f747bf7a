from django.apps import AppConfig


class UploadsConfig(AppConfig):
    name = "monitoring_service.uploads"
