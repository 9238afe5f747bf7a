from typing import Any

from django.core.management.base import BaseCommand

from user_service.profiles.services import resync


class Command(BaseCommand):
    help = "Tell the other services the present state of every profile."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"Told: {resync()} profile(s).")
