"""Scheduled reports go to their owners by mail; who cannot be reached finds them in the dashboard all the same."""

import smtplib
from datetime import timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from monitoring_service.people.models import User
from monitoring_service.reports.files import TYPES
from monitoring_service.reports.models import Format, Report
from monitoring_service.reports.services import file_of_report
from service_kit.mail import MailServer, is_final, send

log = structlog.get_logger(__name__)
GIVE_UP_AFTER = timedelta(hours=24)
# The first pause is also the claim of whoever sends now, so it is longer than a server can take.
FIRST_PAUSE, LONGEST_PAUSE = 60, 3600
# Mail servers refuse more; base64 makes a third more of it.
LARGEST_FILE = 10 << 20


def mail_reports() -> bool:
    """One unit of the job: mail one report that is made and due; whether there was one.

    A process that dies after sending sends it again, with the same Message-ID. What went wrong last is the report's `mail_error`.
    """
    if settings.MAIL_SERVER is None:
        return False
    now = timezone.now()
    with transaction.atomic():
        made = Report.objects.select_for_update(skip_locked=True).filter(state=Report.State.DONE)
        report = made.filter(mail_due_at__lte=now).order_by("mail_due_at").first()
        if report is None:
            return False
        pause = min(FIRST_PAUSE * 2 ** min(report.mail_attempts, 10), LONGEST_PAUSE)
        again = now + timedelta(seconds=pause)
        Report.objects.filter(pk=report.pk).update(mail_attempts=report.mail_attempts + 1, mail_due_at=again)
    address = User.live.filter(pk=report.owner_id, is_active=True).values_list("email", flat=True).first()
    if not address:
        _note(report, mail_due_at=None, mail_error="No address of its owner is known here.")
        return True
    try:
        _send(report, address, settings.MAIL_SERVER)
    except (smtplib.SMTPException, OSError) as error:
        # Not the error's own text, which may hold the address.
        told = log.bind(report=str(report.pk), attempts=report.mail_attempts + 1, error=type(error).__name__)
        if is_final(error) or (report.finished_at and report.finished_at < timezone.now() - GIVE_UP_AFTER):
            told.error("report not mailed")
            _note(report, mail_due_at=None, mail_error=f"It could not be mailed ({type(error).__name__}).")
        else:
            told.warning("mail waits", retry_in=pause)
            _note(
                report,
                mail_error=f"The mail server did not take it ({type(error).__name__}); next try {again:%H:%M} UTC.",
            )
        return True
    _note(report, mail_due_at=None, mailed_at=timezone.now(), mail_error=None)
    return True


def _note(report: Report, **values: object) -> None:
    Report.objects.filter(pk=report.pk).update(**values)


def _send(report: Report, address: str, server: MailServer) -> None:
    page = f"{settings.PUBLIC_URL}/reports"
    body = file_of_report(report)
    fits = len(body) <= LARGEST_FILE
    found = f"It is attached, and at {page}" if fits else f"It is too large for a mail; you find it at {page}"
    send(
        server=server,
        sender=settings.MAIL_FROM,
        id=report.pk,
        to=address,
        subject=f"Energy report: {report.scope_name}"[:200].replace("\n", " ").replace("\r", " "),
        text=f"Your energy report of {report.scope_name} is made.\n{found}\n\nYou have it sent by a schedule; there you can end it too.\n",
        attached=[(report.file_name, body, TYPES[Format(report.format)].partition(";")[0])] if fits else [],
    )
