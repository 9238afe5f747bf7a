from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class TokensConfig(AppConfig):
    name = "auth_service.tokens"

    def ready(self) -> None:
        post_migrate.connect(_first_key, sender=self)


def _first_key(**kwargs: Any) -> None:
    """The first start migrates before anything serves: the moment to make the first key, once for all workers."""
    from auth_service.tokens.keys import ensure_key

    ensure_key()
