from django.apps import AppConfig


class ServiceKitConfig(AppConfig):
    name = "service_kit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from service_kit import schema  # noqa: F401  registers the bearer scheme with drf-spectacular
