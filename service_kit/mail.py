"""The mail server, as MAIL_URL names it, and how a mail is handed to it: auth_service sends links, monitoring_service reports."""

import re
import smtplib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from service_kit.environment import BadSetting, env

SENDER = "Energy Management System"
TIMEOUT_SECONDS = 10
_PORTS = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"


def parse(url: str) -> MailServer:
    """`smtp://user:password@host:port?tls=starttls|tls|none`, the user's parts percent-encoded. Raises ValueError."""
    parts = urlsplit(url)
    query = parse_qs(parts.query, strict_parsing=bool(parts.query))
    tls = query.pop("tls", ["starttls"])[-1]
    if parts.scheme != "smtp" or not parts.hostname or parts.path not in ("", "/") or query or tls not in _PORTS:
        raise ValueError("not an smtp:// address")
    return MailServer(
        parts.hostname, parts.port or _PORTS[tls], unquote(parts.username or ""), unquote(parts.password or ""), tls
    )


def mail_server(environment: str) -> MailServer | None:
    """What MAIL_URL names; None where it is empty. The address may hold a password, so no error shows it. Raises BadSetting."""
    url = env("MAIL_URL", "")
    if environment == "production" and "dev-" in url:
        raise BadSetting("MAIL_URL still holds a development secret (dev-...). Set one of your own for production.")
    try:
        return parse(url) if url else None
    except ValueError:
        raise BadSetting(
            "MAIL_URL is not of the form smtp://user:password@host:port?tls=starttls (or tls=tls, tls=none)."
        ) from None


def mail_from() -> str:
    """Raises BadSetting."""
    address = env("MAIL_FROM", "energy@localhost")
    if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", address):
        raise BadSetting(f"MAIL_FROM={address!r} is not an e-mail address such as energy@example.org.")
    return address


def public_url() -> str:
    """Where people reach the dashboard. Raises BadSetting."""
    url = env("PUBLIC_URL", "http://localhost:8080").rstrip("/")
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", url):
        raise BadSetting(f"PUBLIC_URL={url!r} is not an address such as https://energy.example.org.")
    return url


def send(
    *,
    server: MailServer,
    sender: str,
    id: object,
    to: str,
    subject: str,
    text: str,
    attached: Sequence[tuple[str, bytes, str]] = (),
) -> None:
    """Hand the mail over; `attached`: name, bytes and type of each file. Raises SMTPException or OSError.

    The same `id` gives the same Message-ID, by which a mail that is sent twice is known.
    """
    from django.core.mail import EmailMessage, get_connection  # which needs the settings, and they this module

    connection: Any = get_connection(
        "django.core.mail.backends.smtp.EmailBackend",
        host=server.host,
        port=server.port,
        username=server.user,
        password=server.password,
        use_tls=server.tls == "starttls",
        use_ssl=server.tls == "tls",
        timeout=TIMEOUT_SECONDS,
    )
    headers = {"Message-ID": f"<{id}@{sender.rpartition('@')[2]}>", "Auto-Submitted": "auto-generated"}
    mail = EmailMessage(subject, text, f"{SENDER} <{sender}>", [to], connection=connection, headers=headers)
    for name, body, type_ in attached:
        mail.attach(name, body, type_)
    mail.send()


def is_final(error: Exception) -> bool:
    """Whether the server will never take a mail to this address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500
