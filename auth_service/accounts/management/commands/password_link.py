from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from auth_service.accounts.queries import named
from auth_service.audit.services import Action, record
from auth_service.recovery.links import HANDED, public_link


class Command(BaseCommand):
    help = "Print a link with which somebody sets a new password: for systems without a mail server."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="username or e-mail address")

    def handle(self, *args: Any, **options: Any) -> None:
        account = named(options["name"])
        if account is None or not account.may_sign_in:
            raise CommandError(f"There is no account {options['name']!r} that may sign in.")
        with transaction.atomic():
            record(Action.PASSWORD_LINK_MADE, user=account.pk)
        minutes = round(HANDED.life().total_seconds() / 60)
        self.stdout.write(f"Give this to {account.username} only. It works once, for {minutes} minutes:")
        self.stdout.write(public_link(HANDED, account))
