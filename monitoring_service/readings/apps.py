from django.apps import AppConfig


class ReadingsConfig(AppConfig):
    name = "monitoring_service.readings"
