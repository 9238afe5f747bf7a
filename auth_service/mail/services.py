"""Mails are written with the change that asks for them, and sent by a job: no request waits for a mail server."""

import smtplib
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from auth_service.accounts.models import Account
from auth_service.mail.letters import LETTERS, text_of
from auth_service.mail.models import Mail
from service_kit.mail import is_final, send

log = structlog.get_logger(__name__)
GIVE_UP_AFTER = timedelta(hours=24)
# The first pause is also the claim of whoever sends now, so it is longer than a server can take.
FIRST_PAUSE, LONGEST_PAUSE = 60, 3600


def post(kind: Mail.Kind, *, account: Account | None) -> None:
    """Write the mail in the running transaction. Without a mail server there are no mails."""
    if settings.MAIL_SERVER is not None:
        Mail.objects.create(kind=kind, account=account, next_attempt_at=Now())


def send_due() -> bool:
    """One unit of `send_mail`: send one mail that is due and forget it; whether there was one.

    A process that dies after sending sends it again, with the same Message-ID.
    """
    if settings.MAIL_SERVER is None:
        return False
    with transaction.atomic():
        waiting = Mail.objects.select_for_update(skip_locked=True, of=("self",)).select_related("account")
        mail = waiting.filter(next_attempt_at__lte=Now()).order_by("next_attempt_at").first()
        if mail is None:
            return False
        pause = min(FIRST_PAUSE * 2 ** min(mail.attempts, 10), LONGEST_PAUSE)
        mail.attempts += 1
        Mail.objects.filter(pk=mail.pk).update(attempts=mail.attempts, next_attempt_at=Now() + timedelta(seconds=pause))
    letter, account = LETTERS[Mail.Kind(mail.kind)], mail.account
    if account is not None and account.may_sign_in and letter.wanted(account):
        try:
            send(
                sender=settings.MAIL_FROM,
                server=settings.MAIL_SERVER,
                id=mail.pk,
                to=account.email,
                subject=letter.subject,
                text=text_of(letter, account),
            )
        except (smtplib.SMTPException, OSError) as error:
            # Not the error's own text, which may hold the address.
            told = log.bind(kind=mail.kind, user=str(account.pk), attempts=mail.attempts, error=type(error).__name__)
            if not is_final(error) and mail.created_at > timezone.now() - GIVE_UP_AFTER:
                told.warning("mail waits", retry_in=pause)
                return True
            told.error("mail given up")
    mail.delete()
    return True
