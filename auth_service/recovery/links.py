"""Links that prove something: signed, short-lived, and dead as soon as what they speak of has changed."""

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from rest_framework.exceptions import ValidationError

from auth_service.accounts.models import Account
from auth_service.accounts.queries import may_sign_in


@dataclass(frozen=True)
class LinkKind:
    """`state` is what must still be so when the link is used; `life` is a setting, so it is asked for late."""

    name: str
    page: str
    life: Callable[[], timedelta]
    state: Callable[[Account], str]


def _password_life() -> timedelta:
    return settings.RESET_LINK_LIFETIME


# A new password changes the hash: the link works once. A new address takes it out of the old one's hands.
PASSWORD = LinkKind("password", "reset-password", _password_life, lambda a: f"{a.password}\0{a.email}")
# Handed over by the operator: it proves nothing about the address.
HANDED = LinkKind("handed", "reset-password", _password_life, lambda a: f"{a.password}\0{a.email}")
# Good more than once: who opens it again shall read that the address is confirmed.
EMAIL = LinkKind("email", "verify-email", lambda: timedelta(days=3), lambda a: a.email)


def _signer(kind: LinkKind, account: Account) -> TimestampSigner:
    return TimestampSigner(sep=".", salt=f"ems.link.{kind.name}\0{kind.state(account)}")


def make_token(kind: LinkKind, account: Account) -> str:
    return _signer(kind, account).sign(account.pk.hex)


def public_link(kind: LinkKind, account: Account) -> str:
    """The address to send: the dashboard's page with a token."""
    return f"{settings.PUBLIC_URL}/{kind.page}?{urlencode({'token': make_token(kind, account)})}"


def opened(token: str, *kinds: LinkKind) -> tuple[Account, LinkKind]:
    """The account, its row locked, and which of the kinds it is. Raises ValidationError for a token that is not good (any more)."""
    try:
        account = may_sign_in().select_for_update().filter(pk=uuid.UUID(token.partition(".")[0])).first()
    except ValueError:
        account = None
    if account is not None:
        for kind in kinds:
            with suppress(BadSignature):
                _signer(kind, account).unsign(token, max_age=kind.life())
                return account, kind
    raise ValidationError(
        {"token": ["This link is not good any more: it was used, or it is too old. Ask for a new one."]}
    )
