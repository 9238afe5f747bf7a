from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from service_kit.owned import NotDated, chosen


def instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


class Command(BaseCommand):
    help = (
        "Tell the other services the present state of what this one owns: after a loss elsewhere. Harmless at any time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", nargs="*", help="what to tell of (user, device, hour ...); without it everything")
        parser.add_argument(
            "--id", action="append", help="only this one (of hours: those of this device); may be repeated"
        )
        parser.add_argument(
            "--start", type=instant, help="only hours from this instant on, such as 2026-01-31T00:00:00Z"
        )
        parser.add_argument("--end", type=instant, help="only hours before this instant")

    def handle(self, *args: Any, **options: Any) -> None:
        told = []
        for owned in chosen(options["kind"]):
            try:
                count = owned.resync(options["id"], start=options["start"], end=options["end"])
            except (NotDated, ValidationError) as error:
                raise CommandError(f"{owned.name}: {' '.join(getattr(error, 'messages', [str(error)]))}") from None
            told.append(f"{count} {owned.name}(s)")
        self.stdout.write(f"Told: {', '.join(told)}.")
