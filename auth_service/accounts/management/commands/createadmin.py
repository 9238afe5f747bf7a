import getpass
import os
import sys
from typing import Any, cast

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rest_framework.exceptions import ValidationError

from auth_service.accounts.models import Account
from auth_service.accounts.serializers import NewUserSerializer
from auth_service.accounts.services import begin_registration
from auth_service.audit.services import Action
from auth_service.sagas.engine import run_until
from auth_service.sagas.models import Saga


class Command(BaseCommand):
    help = "Make an administrator. The password is asked for, or taken from the variable ADMIN_PASSWORD."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("email")
        parser.add_argument("--first-name", default="Admin")
        parser.add_argument("--last-name", default="Admin")

    def handle(self, *args: Any, **options: Any) -> None:
        password = os.environ.get("ADMIN_PASSWORD") or (getpass.getpass("Password: ") if sys.stdin.isatty() else "")
        asked = NewUserSerializer(
            data={name: options[name] for name in ("username", "email", "first_name", "last_name")}
            | {"password": password, "role": Account.Role.ADMIN}
        )
        try:
            asked.is_valid(raise_exception=True)
            saga = begin_registration(**asked.validated_data, email_verified=True, how=Action.CREATED_BY_COMMAND)
        except ValidationError as error:
            detail = cast(dict[str, list[str]], error.detail)
            said = "; ".join(f"{field}: {' '.join(messages)}" for field, messages in detail.items())
            raise CommandError(f"Not made. {said}") from None
        saga = run_until(saga, seconds=60)
        if saga.state != Saga.State.COMPLETED:
            raise CommandError(f"Not made ({saga.state}): {saga.last_error or 'the other services do not answer'}")
        self.stdout.write(f"Administrator {options['username']} can sign in now.")
