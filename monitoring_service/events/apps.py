from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "monitoring_service.events"
