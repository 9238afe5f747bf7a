from django.apps import AppConfig


class DevicesConfig(AppConfig):
    name = "monitoring_service.devices"
