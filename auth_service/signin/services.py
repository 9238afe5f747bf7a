"""Who may come in: by password, or by Google's word."""

import re
import secrets

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from auth_service.accounts import queries
from auth_service.accounts.models import Account
from auth_service.accounts.services import AnotherChange, begin_registration
from auth_service.audit.services import Action, record
from auth_service.origin import current_address
from auth_service.sagas.engine import REGISTER
from auth_service.sagas.models import Saga
from auth_service.signin.google import Identity
from auth_service.throttles.limits import WrongPasswords
from auth_service.tokens.services import Session, open_session
from service_kit.errors import Conflict

_NOBODY = make_password("a password that nobody has")


class Deactivated(AuthenticationFailed):
    """This account cannot sign in: it is deactivated or being deleted. Ask your administrator."""

    default_detail = __doc__


class AddressNotVerified(Conflict):
    """An account with this e-mail address exists, but never proved that the address is its own. Sign in with its password (or have a new one sent) and verify the address; then Google works too."""

    default_detail = __doc__


class AnotherGoogleAccount(Conflict):
    """The account with this e-mail address belongs to another Google account. Sign in with its password, or ask your administrator."""

    default_detail = __doc__


def sign_in(*, name: str, password: str) -> Session:
    """A session for username or e-mail address and password. Raises AuthenticationFailed, or TooMany after many wrong ones.

    Answer and work are the same for an unknown name, a wrong password and an account that may not sign in.
    """
    tries = WrongPasswords(name=name, address=current_address() or "")
    tries.check()
    account = queries.named(name)
    encoded = account.password if account else _NOBODY
    upgraded: list[str] = []
    right = check_password(password, encoded, setter=lambda raw: upgraded.append(make_password(raw)))
    if account is None or not right or not account.may_sign_in:
        tries.wrong()
        with transaction.atomic():
            record(Action.SIGN_IN_FAILED, user=account.pk if account else None)
        raise AuthenticationFailed("Username or password is wrong.")
    if upgraded:
        # Not over a password that was changed in the meantime.
        Account.objects.filter(pk=account.pk, password=encoded).update(password=upgraded[0])
    tries.right()
    return open_session(account=account)


def sign_in_with_google(*, identity: Identity) -> Session | Saga:
    """A session for the account that Google's identity belongs to; for somebody new the saga that makes the account.

    Raises Deactivated, AddressNotVerified, AnotherGoogleAccount.
    """
    with transaction.atomic():
        accounts = Account.objects.select_for_update()
        account = (
            accounts.filter(google_subject=identity.subject).first()
            or accounts.filter(queries.has_email(identity.email)).first()
        )
        if account is not None and account.state == Account.State.ACTIVE and account.is_active:
            _link(account, identity)
            return open_session(account=account)
    if account is None:
        return _register(identity)
    if account.state == Account.State.PENDING and account.google_subject == identity.subject:
        return Saga.objects.filter(subject=account.pk, kind=REGISTER).latest("created_at")
    with transaction.atomic():
        record(Action.SIGN_IN_FAILED, user=account.pk)
    raise Deactivated if account.state != Account.State.PENDING else AddressNotVerified


def _link(account: Account, identity: Identity) -> None:
    """Remember Google's name for the person, so that the link outlasts a change of address on either side."""
    if account.google_subject == identity.subject:
        return
    if account.google_subject is not None:
        raise AnotherGoogleAccount
    if not account.email_verified:
        raise AddressNotVerified
    account.google_subject = identity.subject
    account.save(update_fields=["google_subject"])
    record(Action.GOOGLE_LINKED, user=account.pk, actor=account.pk)


def _register(identity: Identity) -> Saga:
    """Begin a registration under a username made from the address. Raises AnotherChange when the address was just taken."""
    wanted = re.sub(r"[^\w.+-]", "", identity.email.partition("@")[0])[:140] or "user"
    username = wanted
    for _ in range(10):
        try:
            return begin_registration(
                username=username,
                email=identity.email,
                password=None,
                first_name=identity.first_name or wanted,
                last_name=identity.last_name,
                email_verified=True,
                google_subject=identity.subject,
            )
        except ValidationError as error:
            if not isinstance(error.detail, dict) or "username" not in error.detail:
                break
            username = f"{wanted}-{secrets.token_hex(2)}"
    raise AnotherChange
