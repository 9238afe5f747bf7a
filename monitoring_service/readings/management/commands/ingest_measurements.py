import sys
from typing import Any

from django.core.management.base import BaseCommand

from monitoring_service.readings.ingest import run_until_signalled


class Command(BaseCommand):
    help = "Store the readings that meters publish to device_data_queue, until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(run_until_signalled())
