import uuid
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from rest_framework.exceptions import ValidationError

from auth_service.accounts.models import Account
from auth_service.accounts.services import begin_registration
from auth_service.audit.models import AuditEntry
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
        for demo in DEMO:
            self.stdout.write(f"{demo[0]}: {self.seed(*demo)}")

    def seed(self, username: str, password: str, role: str, first_name: str, last_name: str) -> str:
        """Make the account unless it was made before; how it stands. What people did to it since stays as it is."""
        account_id = uuid.uuid5(uuid.NAMESPACE_URL, f"ems:demo:{username}")
        account = Account.objects.filter(Q(pk=account_id) | Q(username=username)).first()
        if account is not None and account.state != Account.State.PENDING:
            return "is there."
        if AuditEntry.objects.filter(user=account_id, action=Action.DELETED).exists():
            return "was deleted, and stays so."
        if account is None:
            try:
                saga = begin_registration(
                    id=account_id, username=username, email=f"{username}@example.org", password=password, role=role,
                    first_name=first_name, last_name=last_name, email_verified=True, how=Action.CREATED_BY_COMMAND,
                )  # fmt: skip
            except ValidationError as taken:
                return f"not made: {taken.detail}"
        else:
            saga = Saga.objects.filter(subject=account.pk).latest("created_at")
        saga = run_until(saga, seconds=60)
        if saga.state != Saga.State.COMPLETED:
            raise CommandError(f"{username} was not made ({saga.state}): {saga.last_error}")
        return "is there."
