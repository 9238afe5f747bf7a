import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from pika.exceptions import AMQPError

from service_kit.owned import chosen
from service_kit.reconcile import ANSWER_WITHIN, Asker, Finding, beyond_repair, compare_all, repair


class Command(BaseCommand):
    help = (
        "Compare what this service owns with the copies that others keep, and tell anew what differs. "
        "Exit status 0 when everything agreed or was mended, 1 otherwise; with --dry-run 0 only when everything agreed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", nargs="*", help="what to compare (user, device, hour ...); without it everything")
        parser.add_argument("--dry-run", action="store_true", help="only say what differs")
        parser.add_argument("--end-many", action="store_true", help="end copies also when they outnumber what is here")
        parser.add_argument("--wait", type=float, default=ANSWER_WITHIN, help="seconds to wait for an answer")

    def handle(self, *args: Any, **options: Any) -> None:
        findings: list[Finding] = []
        failed = False
        try:
            with Asker(within=options["wait"]) as asker:
                for found in compare_all(asker, chosen(options["kind"])):
                    self.stdout.write(str(found))
                    if isinstance(found, Finding):
                        findings.append(found)
                    else:
                        failed = True
        except AMQPError as error:
            raise CommandError(f"The broker does not answer: {error or type(error).__name__}") from None
        differing = [finding for finding in findings if not finding.agrees]
        if options["dry_run"]:
            failed = failed or bool(differing)
        else:
            # What would be left as it is, judged before anything is told.
            beyond = [text for finding in differing if (text := beyond_repair(finding, end_many=options["end_many"]))]
            told = sum(repair(finding, end_many=options["end_many"]) for finding in differing)
            for line in [*([f"Told anew: {told}."] if told else []), *beyond]:
                self.stdout.write(line)
            failed = failed or bool(beyond)
        if failed:
            sys.exit(1)
