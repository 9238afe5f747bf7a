"""Sign in, refresh, sign out: every write to the refresh families."""

import uuid
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from rest_framework.exceptions import AuthenticationFailed
from rest_framework_simplejwt.exceptions import TokenError

from auth_service.accounts.models import Account
from auth_service.accounts.queries import may_sign_in
from auth_service.audit.services import Action, record
from auth_service.tokens.jwt import Access, Refresh
from auth_service.tokens.models import RefreshFamily

log = structlog.get_logger(__name__)
NO_LONGER_GOOD = "The refresh token is not valid any more. Sign in again."


@dataclass(frozen=True)
class Session:
    account: Account
    access: str
    refresh: str


@transaction.atomic
def open_session(*, account: Account) -> Session:
    """A new family with its first pair of tokens."""
    family = uuid.uuid4()
    refresh = _refresh_token(account, family)
    RefreshFamily.objects.create(
        id=family,
        account=account,
        current=refresh["jti"],
        expires_at=timezone.now() + settings.REFRESH_TOKEN_LIFETIME,
    )
    record(Action.SIGNED_IN, user=account.pk, actor=account.pk)
    return Session(account, str(Access.of(account)), str(refresh))


def rotate(*, refresh: str) -> Session:
    """The next pair for a good refresh token. Raises AuthenticationFailed; a token used before ends its family."""
    token = _verified(refresh)
    family, jti = token.get("fam"), token["jti"]
    with transaction.atomic():
        account = may_sign_in().filter(pk=token["sub"]).first()
        if account is None:
            raise AuthenticationFailed("This account is deleted or deactivated.")
        successor = _refresh_token(account, uuid.UUID(family))
        mine = RefreshFamily.objects.filter(pk=family, current=jti, ended_at=None).update(
            current=successor["jti"],
            expires_at=timezone.now() + settings.REFRESH_TOKEN_LIFETIME,
        )
    if not mine:
        # Somebody used it before: the holder or a thief. Neither can be told from the other, so both sign in again.
        if _end_family(family, user=token["sub"], why=Action.REFRESH_REUSED):
            log.warning(
                "refresh token used twice, its family is ended",
                family=family,
                user=token["sub"],
            )
        raise AuthenticationFailed(NO_LONGER_GOOD)
    return Session(account, str(Access.of(account)), str(successor))


def close_session(*, refresh: str) -> None:
    """End the token's family; a token that is no longer good has none to end."""
    try:
        token = _verified(refresh)
    except AuthenticationFailed:
        return
    _end_family(token.get("fam"), user=token["sub"], why=Action.SIGNED_OUT)


@transaction.atomic
def _end_family(family: str, *, user: str, why: Action) -> bool:
    """End the family if it has not ended yet; whether it had not."""
    ended = RefreshFamily.objects.filter(pk=family, ended_at=None).update(ended_at=timezone.now())
    if ended:
        whose = uuid.UUID(user)
        record(why, user=whose, actor=whose if why == Action.SIGNED_OUT else None)
    return bool(ended)


def end_sessions(*, account: Account) -> None:
    """End every session of the account: no refresh token of it is good any more."""
    RefreshFamily.objects.filter(account=account, ended_at=None).update(ended_at=timezone.now())


def _refresh_token(account: Account, family: uuid.UUID) -> Refresh:
    token = Refresh()
    token["sub"], token["fam"] = str(account.pk), str(family)
    return token


def _verified(refresh: str) -> Refresh:
    try:
        return Refresh(refresh)  # type: ignore[arg-type]
    except TokenError:
        raise AuthenticationFailed(NO_LONGER_GOOD) from None


def purge_families() -> int:
    """Forget families whose last token has expired; the number deleted."""
    return RefreshFamily.objects.filter(expires_at__lt=timezone.now()).delete()[0]
