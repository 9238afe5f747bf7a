"""Tokens as simplejwt builds them, signed with our newest key and naming it in the header."""

import uuid
from datetime import timedelta
from typing import Any

import jwt
from django.conf import settings
from django.db import connection
from rest_framework_simplejwt.backends import TokenBackend
from rest_framework_simplejwt.exceptions import TokenBackendError
from rest_framework_simplejwt.tokens import AccessToken, RefreshToken

from auth_service.accounts.models import Account
from auth_service.tokens import keys


class KeyedBackend(TokenBackend):
    """Signs with the newest key and verifies with the one that the token's header names."""

    def encode(self, payload: dict[str, Any]) -> str:
        key = keys.signing_key()
        claims = {**payload, "aud": self.audience, "iss": self.issuer}
        return jwt.encode(claims, key.private, algorithm=self.algorithm, headers={"kid": key.kid})

    def get_verifying_key(self, token: Any) -> Any:
        key = keys.public_key(str(jwt.get_unverified_header(token).get("kid", "")))
        if key is None:
            raise TokenBackendError("Token is invalid")
        return key


_backend = KeyedBackend(
    settings.TOKEN_ALGORITHM,
    audience=settings.TOKEN_AUDIENCE,
    issuer=settings.TOKEN_ISSUER,
)


class Access(AccessToken):
    _token_backend = _backend

    @classmethod
    def of(cls, account: Account) -> "Access":
        token = cls()
        token["sub"], token["username"], token["role"] = (
            str(account.pk),
            account.username,
            account.role,
        )
        return token


class Refresh(RefreshToken):
    """Carries the family that it belongs to (`fam`)."""

    _token_backend = _backend


def service_token() -> str:
    """A short-lived token with which auth_service speaks to the participants of a saga.

    Its times are the database's, as all times of sagas are: a runner whose own clock is off would be refused everywhere.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        now = cursor.fetchone()[0]
    token = Access()
    token.set_iat(at_time=now)
    token.set_exp(from_time=now, lifetime=timedelta(minutes=2))
    token["sub"], token["username"], token["role"] = (
        str(uuid.uuid5(uuid.NAMESPACE_URL, "ems:auth")),
        "auth",
        "service",
    )
    return str(token)
