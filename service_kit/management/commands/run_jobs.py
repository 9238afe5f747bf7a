import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.module_loading import import_string

from service_kit.jobs import Jobs


class Command(BaseCommand):
    help = "Run this service's background jobs (settings.JOBS) until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        sys.exit(Jobs(import_string(settings.JOBS)()).run())
