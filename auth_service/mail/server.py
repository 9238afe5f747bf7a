"""The mail server, as MAIL_URL names it."""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

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
