import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timesince import timesince
from pika.exceptions import AMQPConnectionError, ChannelClosedByBroker

from service_kit.consumer import DatabaseAway
from service_kit.dead_letters import DeadLetterQueue, DeadLetters, Letter, opened, queues_here


class Command(BaseCommand):
    help = "The messages that could not be applied: list them, show them, try them again, throw them away."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="every dead-letter queue of this service with what lies in it")
        show = actions.add_parser("show", help="the oldest letters with their reasons; they stay")
        show.add_argument("queue")
        show.add_argument("-n", type=int, default=10, help="how many (10)")
        for name, help_ in (
            ("replay", "try letters again; what works is done with"),
            ("discard", "throw letters away"),
        ):
            action = actions.add_parser(name, help=help_)
            action.add_argument("queue")
            action.add_argument(
                "which", nargs="*", metavar="NUMBER|ID", help="as `show` numbers them, or an event's id"
            )
            action.add_argument("--all", action="store_true", help="all that lie there now")

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        if action == "list":
            self._list()
            return
        queue = self._named(options["queue"])
        if action == "show":
            self._show(queue, options["n"])
            return
        if bool(options["which"]) == options["all"]:
            raise CommandError(f"Name the letters to {action} by number or id, or give --all.")
        try:
            (self._replay if action == "replay" else self._discard)(queue, options["which"])
        except LookupError as error:
            raise CommandError(str(error)) from None

    def _list(self) -> None:
        for queue in queues_here():
            with self._opened(queue) as letters:
                count = letters.count()
                oldest = next(iter(letters), None)
                self.stdout.write(f"{queue.name:28} {count:>7}  {self._age(oldest) if oldest else ''}".rstrip())

    def _show(self, queue: DeadLetterQueue, most: int) -> None:
        with self._opened(queue) as letters:
            count = letters.count()
            for letter in letters:
                if letter.number > most:
                    break
                self.stdout.write(f"{letter}\n   {letter.reason}; {self._age(letter)}\n   {self._text(letter)}")
            self.stdout.write(f"{min(most, count)} of {count} in {queue.name}.")

    def _replay(self, queue: DeadLetterQueue, which: list[str]) -> None:
        done = kept = 0
        with self._opened(queue) as letters:
            for letter in letters.chosen(which):
                try:
                    queue.replay(letter.body, letter.properties)
                except DatabaseAway as error:
                    raise CommandError(f"The database does not answer: {error}. Nothing more was tried.") from None
                except Exception as error:  # noqa: BLE001  a handler may raise anything: its letter stays, the others go on
                    kept += 1
                    self.stdout.write(f"kept     {letter}\n         {type(error).__name__}: {error}")
                else:
                    letters.remove(letter)
                    done += 1
                    self.stdout.write(f"applied  {letter}")
        self.stdout.write(f"{done} applied, {kept} kept in {queue.name}.")
        if kept:
            sys.exit(1)

    def _discard(self, queue: DeadLetterQueue, which: list[str]) -> None:
        gone = 0
        with self._opened(queue) as letters:
            for letter in letters.chosen(which):
                letters.remove(letter)
                gone += 1
                self.stdout.write(f"discarded  {letter}\n           {letter.reason}")
        self.stdout.write(f"{gone} discarded from {queue.name}.")

    def _named(self, name: str) -> DeadLetterQueue:
        queues = {queue.name: queue for queue in queues_here()}
        if name not in queues:
            raise CommandError(f"{name!r} is none of this service's dead-letter queues: {', '.join(queues)}.")
        return queues[name]

    @contextmanager
    def _opened(self, queue: DeadLetterQueue) -> Iterator[DeadLetters]:
        try:
            with opened(queue) as letters:
                yield letters
        except AMQPConnectionError as error:
            raise CommandError(f"The broker does not answer: {error or type(error).__name__}") from None
        except ChannelClosedByBroker as error:
            raise CommandError(f"{queue.name}: {error.reply_text}") from None

    def _age(self, letter: Letter) -> str:
        return f"{timesince(letter.since)} ago".replace("\xa0", " ") if letter.since else "since nobody knows when"

    def _text(self, letter: Letter) -> str:
        return letter.body.decode(errors="backslashreplace")
