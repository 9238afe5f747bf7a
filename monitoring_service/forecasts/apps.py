from django.apps import AppConfig


class ForecastsConfig(AppConfig):
    name = "monitoring_service.forecasts"
