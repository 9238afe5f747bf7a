"""Google's word for who somebody is: an ID token, verified with Google's certificates."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
from django.conf import settings
from google.auth import transport
from google.auth.exceptions import GoogleAuthError, TransportError
from google.oauth2.id_token import verify_token
from rest_framework.exceptions import AuthenticationFailed

from service_kit.errors import Conflict, Unavailable

TIMEOUT = httpx.Timeout(3, connect=2)
CLOCK_SKEW_SECONDS = 10
ISSUERS = {"accounts.google.com", "https://accounts.google.com"}
LONGEST_KEPT = 6 * 3600


class NotConfigured(Conflict):
    """Signing in with Google is not set up here: sign in with username and password, or ask the operator for GOOGLE_CLIENT_ID."""

    default_detail = __doc__


class NotGoogles(AuthenticationFailed):
    """Google does not stand behind this token: it is malformed, expired, or was made for another place. Sign in with Google again."""

    default_detail = __doc__


@dataclass(frozen=True)
class Identity:
    """`subject` stays the same when the person's address changes."""

    subject: str
    email: str
    first_name: str
    last_name: str


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    data: bytes


class Certificates(transport.Request):
    """google-auth asks for the certificates with every token; they are kept here for as long as Google says."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, _Answer]] = {}

    def __call__(self, url: str, *args: Any, **kwargs: Any) -> _Answer:
        until, answer = self._kept.get(url, (0.0, None))
        if answer is not None and time.monotonic() < until:
            return answer
        try:
            got = httpx.get(url, timeout=TIMEOUT)
        except httpx.HTTPError as error:
            raise TransportError(f"{url}: {type(error).__name__}") from error
        answer = _Answer(got.status_code, got.headers, got.content)
        if got.is_success:
            age = re.search(r"max-age=(\d+)", got.headers.get("Cache-Control", ""))
            self._kept[url] = (time.monotonic() + min(int(age[1]) if age else 0, LONGEST_KEPT), answer)
        return answer


certificates = Certificates()


def identity_of(token: str) -> Identity:
    """Whom the token speaks of. Raises NotConfigured, NotGoogles, Unavailable (the certificates cannot be had)."""
    if not settings.GOOGLE_CLIENT_ID:
        raise NotConfigured
    try:
        claims = verify_token(
            token,
            certificates,
            audience=settings.GOOGLE_CLIENT_ID,
            certs_url=settings.GOOGLE_CERTS_URL,
            clock_skew_in_seconds=CLOCK_SKEW_SECONDS,
        )
    except TransportError:
        raise Unavailable("Google does not answer, so its token cannot be checked. Try again shortly.") from None
    except (GoogleAuthError, jwt.PyJWTError, ValueError):
        raise NotGoogles from None
    if claims.get("iss") not in ISSUERS or not claims.get("sub") or not claims.get("email"):
        raise NotGoogles
    if claims.get("email_verified") is not True:
        raise NotGoogles("Google has not verified this e-mail address. Verify it at Google, then sign in again.")
    return Identity(
        subject=str(claims["sub"]),
        email=str(claims["email"]),
        first_name=str(claims.get("given_name") or claims.get("name") or "")[:150],
        last_name=str(claims.get("family_name") or "")[:150],
    )
