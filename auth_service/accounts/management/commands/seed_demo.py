import uuid
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from auth_service.accounts.models import Account
from auth_service.accounts.services import begin_registration
from auth_service.audit.services import Action
from auth_service.sagas.engine import run_until
from auth_service.sagas.models import Saga

DEMO = [
    ("admin", "admin123", Account.Role.ADMIN, "Ada", "Admin"),
    ("alice", "alice123", Account.Role.CLIENT, "Alice", "Rossi"),
    ("bob", "bob123", Account.Role.CLIENT, "Bob", "Bianchi"),
]


class Command(BaseCommand):
    help = "With DEMO=true, make the demo accounts that are not there yet (their passwords are public: never in production)."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            self.stdout.write("DEMO is not true: no demo accounts.")
            return
        if settings.ENVIRONMENT == "production":
            raise CommandError("DEMO=true would make accounts with public passwords: not with ENVIRONMENT=production.")
        for username, password, role, first_name, last_name in DEMO:
            account = Account.objects.filter(username=username).first()
            if account is None:
                saga = begin_registration(
                    id=uuid.uuid5(uuid.NAMESPACE_URL, f"ems:demo:{username}"), username=username,
                    email=f"{username}@example.org", password=password, role=role,
                    first_name=first_name, last_name=last_name, email_verified=True, how=Action.CREATED_BY_COMMAND,
                )  # fmt: skip
            else:
                saga = Saga.objects.filter(subject=account.pk).latest("created_at")
            saga = run_until(saga, seconds=60)
            if saga.state != Saga.State.COMPLETED:
                raise CommandError(f"{username} was not made ({saga.state}): {saga.last_error}")
            self.stdout.write(f"{username} is there.")
