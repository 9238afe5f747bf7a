"""A forgotten password, and the proof that an address belongs to an account."""

import uuid

from django.conf import settings
from django.db import transaction

from auth_service.accounts import queries
from auth_service.accounts.services import locked, set_password
from auth_service.audit.services import Action, record
from auth_service.mail.models import Mail
from auth_service.mail.services import post
from auth_service.origin import current_address
from auth_service.recovery.links import EMAIL, HANDED, PASSWORD, opened
from auth_service.throttles.counters import key_of
from auth_service.throttles.limits import HOUR, WrongPasswords, limit
from service_kit.errors import Conflict

MAILS_PER_HOUR = 5
TOO_MANY_MAILS = "Enough mails were sent to this address for now: look among the unwanted ones too."


class NoMailServer(Conflict):
    """No mail server is set up here, so no address can be verified. Ask the operator to set MAIL_URL."""

    default_detail = __doc__


def ask_for_reset(*, email: str) -> None:
    """Send a link to whoever has this address. The same work whether there is somebody or not. Raises TooMany."""
    limit(key_of("reset", email.casefold()), most=MAILS_PER_HOUR, seconds=HOUR, detail=TOO_MANY_MAILS)
    account = queries.with_email(email)
    with transaction.atomic():
        post(Mail.Kind.PASSWORD_RESET, account=account if account and account.may_sign_in else None)
        record(Action.PASSWORD_RESET_ASKED, user=account.pk if account else None)


@transaction.atomic
def reset_password(*, token: str, new_password: str) -> None:
    """Take over a new password by a link, and end every session. Raises ValidationError for a bad link or a weak password."""
    account, kind = opened(token, PASSWORD, HANDED)
    account.email_verified = account.email_verified or kind is PASSWORD
    set_password(account, new_password)
    record(Action.PASSWORD_RESET, user=account.pk, actor=account.pk)
    for name in (account.username, account.email):
        WrongPasswords(name=name, address=current_address() or "").forgive()


@transaction.atomic
def ask_for_verification(*, account_id: uuid.UUID) -> bool:
    """Send the holder a new link; False when the address is verified already. Raises NoMailServer, TooMany."""
    account = locked(account_id)
    if account.email_verified:
        return False
    if settings.MAIL_SERVER is None:
        raise NoMailServer
    limit(key_of("verify", str(account.pk)), most=MAILS_PER_HOUR, seconds=HOUR, detail=TOO_MANY_MAILS)
    post(Mail.Kind.EMAIL_VERIFICATION, account=account)
    return True


@transaction.atomic
def verify_email(*, token: str) -> None:
    """The address belongs to the account. Raises ValidationError for a bad link."""
    account, _ = opened(token, EMAIL)
    if not account.email_verified:
        account.email_verified = True
        account.save(update_fields=["email_verified"])
        record(Action.EMAIL_VERIFIED, user=account.pk, actor=account.pk)
