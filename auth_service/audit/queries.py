from django.db.models import OuterRef, QuerySet, Subquery

from auth_service.accounts.models import Account
from auth_service.audit.models import AuditEntry


def entries() -> QuerySet[AuditEntry]:
    """All entries, newest first, with the usernames of those who still have an account."""

    def name_of(column: str) -> Subquery:
        return Subquery(Account.objects.filter(pk=OuterRef(column)).values("username"))

    return AuditEntry.objects.order_by("-id").annotate(actor_username=name_of("actor"), username=name_of("user"))
