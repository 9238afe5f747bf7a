from typing import Any

from django.core.management.base import BaseCommand

from device_service.resync import resync


class Command(BaseCommand):
    help = "Tell the other services the present state of every tariff, plant and device with its assignments."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("Told: " + ", ".join(f"{count} {kind}(s)" for kind, count in resync().items()) + ".")
