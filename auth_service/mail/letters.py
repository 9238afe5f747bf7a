"""What the mails say: plain text, one link each."""

from collections.abc import Callable
from dataclasses import dataclass

from auth_service.accounts.models import Account
from auth_service.mail.models import Mail
from auth_service.recovery.links import EMAIL, PASSWORD, LinkKind, public_link


@dataclass(frozen=True)
class Letter:
    subject: str
    text: str
    link: LinkKind
    wanted: Callable[[Account], bool] = lambda account: True


LETTERS = {
    Mail.Kind.PASSWORD_RESET: Letter(
        "Set a new password",
        """Hello {name},

somebody, probably you, asked for a new password for your account {username}. Set it here:

{link}

The link works once, for {life}. If it was not you who asked, you need not do anything: your password stays as it is.
""",
        PASSWORD,
    ),
    Mail.Kind.EMAIL_VERIFICATION: Letter(
        "Confirm your e-mail address",
        """Hello {name},

please confirm that this is the e-mail address of your account {username}:

{link}

The link works for {life}. If you do not know this account, you need not do anything.
""",
        EMAIL,
        wanted=lambda account: not account.email_verified,
    ),
}


def text_of(letter: Letter, account: Account) -> str:
    return letter.text.format(
        name=account.first_name or account.username,
        username=account.username,
        link=public_link(letter.link, account),
        life=_in_words(letter.link.life().total_seconds()),
    )


def _in_words(seconds: float) -> str:
    for unit, length in (("day", 86400), ("hour", 3600)):
        if seconds >= length and seconds % length == 0:
            number = int(seconds // length)
            return f"{number} {unit}s" if number > 1 else f"one {unit}"
    return f"{round(seconds / 60)} minutes"
