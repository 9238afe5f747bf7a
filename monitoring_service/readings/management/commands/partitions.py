from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from monitoring_service.readings import retention


class Command(BaseCommand):
    help = "Make the months that readings are stored in ahead, and drop those older than RETENTION_MONTHS (0: none)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--ahead", type=int, default=retention.AHEAD_MONTHS, help="months after this one")
        parser.add_argument("--dry-run", action="store_true", help="only say what would be dropped")

    def handle(self, *args: Any, **options: Any) -> None:
        now = datetime.now(UTC)
        if not options["dry_run"]:
            for name in retention.make_ahead(now=now, months=options["ahead"]):
                self.stdout.write(f"made {name}")
        for year, month in retention.dropable(now=now, keep_months=settings.RETENTION_MONTHS):
            if options["dry_run"]:
                self.stdout.write(f"would drop {year}-{month:02}")
            elif retention.drop_month((year, month)):
                self.stdout.write(f"dropped {year}-{month:02}")
            else:
                self.stdout.write(f"{year}-{month:02} is in use: run this again")
