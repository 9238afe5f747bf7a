"""A real SMTP server whose mails a test reads."""

import re
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Inbox:
    """`answers` are given to the next mails in turn, then all are taken."""

    def __init__(self) -> None:
        self.mails: list[Message] = []
        self.answers: list[str] = []
        self.signed_in: list[tuple[bytes, bytes]] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answers:
            return self.answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"

    def authenticate(self, server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=data.password == b"s3cret/&")

    def links(self) -> list[str]:
        """Of all mails so far; each has exactly one."""
        found = [re.findall(r"https?://\S+", mail.get_content()) for mail in self.mails]  # type: ignore[attr-defined]
        assert all(len(links) == 1 for links in found)
        return [links[0] for links in found]

    def token(self) -> str:
        """Of the latest mail's link."""
        return parse_qs(urlsplit(self.links()[-1]).query)["token"][0]


def serve(inbox: Inbox, **options: Any) -> Iterator[Controller]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    yield controller
    controller.stop()
