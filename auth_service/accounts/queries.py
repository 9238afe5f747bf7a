"""Named reads of accounts."""

import uuid

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Q, QuerySet

from auth_service.accounts.models import Account

_NOBODY = make_password("a password that nobody has")


def may_sign_in() -> QuerySet[Account]:
    return Account.objects.filter(state=Account.State.ACTIVE, is_active=True)


def told_accounts() -> QuerySet[Account]:
    """Those that the other services know of: all but the ones still being registered."""
    return Account.objects.exclude(state=Account.State.PENDING)


def with_credentials(*, name: str, password: str) -> Account | None:
    """The account that signs in with this username or e-mail address, else None after the same work."""
    account = Account.objects.filter(Q(username__iexact=name) | Q(email__iexact=name)).first()
    right = check_password(password, account.password if account else _NOBODY)
    if account is None or not right or account.state != Account.State.ACTIVE or not account.is_active:
        return None
    return account


def visible_accounts(*, search: str = "", role: str = "") -> QuerySet[Account]:
    """Accounts for the administrator's list, oldest first."""
    found = Account.objects.filter(state=Account.State.ACTIVE).order_by("created_at", "id")
    if search:
        found = found.filter(
            Q(username__icontains=search)
            | Q(email__icontains=search)
            | Q(first_name__icontains=search)
            | Q(last_name__icontains=search)
        )
    return found.filter(role=role) if role else found


def account(user_id: uuid.UUID) -> Account | None:
    return Account.objects.filter(pk=user_id, state=Account.State.ACTIVE).first()
