from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from auth_service.audit.services import Action, record
from auth_service.tokens import keys


class Command(BaseCommand):
    help = (
        "Make a new signing key. It is published at once and signs as soon as every service has had the time to fetch it; "
        "nobody is signed out. The old key goes by itself once its last token has expired."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--revoke",
            action="store_true",
            help="The old keys are in wrong hands: remove them now. Everybody has to sign in again, and the other services "
            f"refuse the old tokens within {keys.SigningKeys.KEEP_SECONDS // 60} minutes.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            key = keys.make_key()
            record(Action.KEY_ROTATED, changed=["revoked"] if options["revoke"] else [])
        if options["revoke"]:
            removed = keys.remove_other_keys(key)
            self.stdout.write(
                f"Key {key.kid} signs from now on. Removed: {removed} older key(s). All must sign in again."
            )
            return
        self.stdout.write(
            f"Key {key.kid} is published and signs from {key.signs_from:%Y-%m-%d %H:%M:%S} UTC. "
            "The older one goes once its last token has expired."
        )
