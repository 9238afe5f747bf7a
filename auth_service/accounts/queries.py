"""Named reads of accounts."""

import uuid

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from auth_service.accounts.models import Account


def may_sign_in() -> QuerySet[Account]:
    return Account.objects.filter(state=Account.State.ACTIVE, is_active=True)


def told_accounts() -> QuerySet[Account]:
    """Those that the other services know of: all but the ones still being registered."""
    return Account.objects.exclude(state=Account.State.PENDING)


def has_email(email: str) -> Q:
    """In any case of letters; as the unique index has it, so that no search reads the whole table."""
    return Q(Exact(Lower("email"), Lower(Value(email))))


def with_email(email: str) -> Account | None:
    return Account.objects.filter(has_email(email)).first()


def named(name: str) -> Account | None:
    """The account with this username or e-mail address."""
    return Account.objects.filter(Q(Exact(Lower("username"), Lower(Value(name)))) | has_email(name)).first()


def visible_accounts() -> QuerySet[Account]:
    """Accounts for the administrator's list, oldest first."""
    return Account.objects.filter(state=Account.State.ACTIVE).order_by("created_at", "id")


def account(user_id: uuid.UUID) -> Account | None:
    return Account.objects.filter(pk=user_id, state=Account.State.ACTIVE).first()
