"""Every write to the audit."""

import uuid
from collections.abc import Iterable
from ipaddress import ip_address

from django.db import connection
from django.db.models import Q
from django.db.transaction import TransactionManagementError

from auth_service.audit.models import AuditEntry
from auth_service.origin import current_actor, current_address, current_user_agent

Action = AuditEntry.Action


def record(
    action: Action, *, user: uuid.UUID | None = None, actor: uuid.UUID | None = None, changed: Iterable[str] = ()
) -> None:
    """Note what was done to `user`, in the transaction that does it. `actor` is whoever is signed in, unless given.

    Raises TransactionManagementError outside a transaction, where the note could outlive a change that never was.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError(f"{action} must be recorded inside transaction.atomic()")
    AuditEntry.objects.create(
        action=action,
        user=user,
        actor=actor or current_actor(),
        changed=sorted(changed),
        address=_an_address(current_address()),
        user_agent=current_user_agent().replace("\0", "")[:200],
    )


def forget_origins(*, user: uuid.UUID) -> int:
    """Erasure: empty where this person acted from, and where somebody unknown tried to be this person; the number of entries."""
    theirs = AuditEntry.objects.filter(Q(actor=user) | Q(user=user, actor=None))
    return theirs.exclude(address=None, user_agent="").update(address=None, user_agent="")


def _an_address(text: str | None) -> str | None:
    try:
        return str(ip_address(text or ""))
    except ValueError:
        return None
