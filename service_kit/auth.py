"""Who calls: an access token signed by auth_service, held against this service's own copy of the users."""

import hashlib
import http.client
import json
import threading
import time
import urllib.request
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import jwt
import structlog
from django.apps import apps
from django.conf import settings
from django.db import connection
from rest_framework import authentication, exceptions, permissions
from rest_framework.request import Request

from service_kit.errors import Unavailable

log = structlog.get_logger(__name__)
# How far the clocks of two machines may be apart.
LEEWAY = timedelta(seconds=10)


@dataclass(frozen=True)
class Caller:
    """The person or service behind a request. `role` is that of the service's own copy where it has one."""

    id: uuid.UUID
    username: str
    role: str
    expires_at: int = 0

    is_authenticated = True

    @property
    def pk(self) -> uuid.UUID:
        return self.id

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    @property
    def is_service(self) -> bool:
        return self.role == "service"


class SigningKeys:
    """auth_service's public keys, fetched when needed and kept for five minutes.

    An unknown key id (after a rotation) fetches anew, at most every ten seconds, so that forged ids cannot make us hammer
    auth_service; after a fetch that failed, at most every second. Keys in hand go on serving while auth_service is away, and while one thread fetches them anew.
    """

    KEEP_SECONDS = 300
    ASK_AGAIN_SECONDS = 10
    AFTER_FAILURE_SECONDS = 1

    def __init__(self) -> None:
        self._keys: dict[str, Any] = {}
        self._asked = float("-inf")
        self._answered = False
        self._lock = threading.Lock()

    def get(self, kid: str) -> Any | None:
        """The public key, or None when auth_service does not know this id. Raises Unavailable when it cannot be asked."""
        if kid in self._keys:
            if self._age() > self.KEEP_SECONDS and self._lock.acquire(blocking=False):
                try:
                    self._fetch()
                finally:
                    self._lock.release()
        elif self._may_ask_again():
            with self._lock:
                if self._may_ask_again():
                    self._fetch()
        key = self._keys.get(kid)
        if key is None and not self._answered:
            raise Unavailable("auth_service does not answer, so this token cannot be checked. Try again shortly.")
        return key

    def _may_ask_again(self) -> bool:
        return self._age() > (self.ASK_AGAIN_SECONDS if self._answered else self.AFTER_FAILURE_SECONDS)

    def _age(self) -> float:
        return time.monotonic() - self._asked

    def _fetch(self) -> None:
        try:
            with urllib.request.urlopen(settings.AUTH_URL + settings.JWKS_PATH, timeout=3) as answer:
                keys = jwt.PyJWKSet(json.load(answer)["keys"]).keys
            self._keys = {key.key_id: key.key for key in keys if key.key_id}
            self._answered = True
        except (OSError, ValueError, LookupError, TypeError, http.client.HTTPException, jwt.PyJWTError) as error:
            log.warning("signing keys not fetched", url=settings.AUTH_URL, error=str(error))
            self._answered = False
        self._asked = time.monotonic()


signing_keys = SigningKeys()


@dataclass(frozen=True)
class _Checked:
    """A token that was found good by this very key."""

    kid: str
    key: Any
    caller: Caller

    @property
    def has_expired(self) -> bool:
        return time.time() >= self.caller.expires_at + LEEWAY.total_seconds()


_checked: dict[bytes, _Checked] = {}
_CHECKED_AT_MOST = 10_000


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer <access token>`; 401 for a token that is malformed, forged, expired, not an access token, or of a deleted or inactive user."""

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'

    def authenticate(self, request: Request) -> tuple[Caller, str] | None:
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        return self.caller(token.strip()), token

    def key(self, kid: str) -> Any | None:
        return signing_keys.get(kid)

    def copy_of(self, user_id: uuid.UUID) -> tuple[str, bool] | None:
        """(role, whether it may act) by this service's own copy of the user; None when no event of it has arrived yet."""
        # Every request asks this: as a queryset it would take longer to put together than to answer.
        table = apps.get_model(settings.USER_REPLICA)._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT role, is_active AND deleted_at IS NULL FROM {table} WHERE id = %s", [user_id])
            found: tuple[str, bool] | None = cursor.fetchone()
        return found

    def caller(self, token: str) -> Caller:
        """The caller whose access token this is. Raises AuthenticationFailed."""
        caller = self._signed(token)
        if caller.is_service:
            return caller
        known = self.copy_of(caller.id)
        if known is None:
            return caller
        role, may_act = known
        if not may_act:
            raise exceptions.AuthenticationFailed("This account is deleted or deactivated.")
        return Caller(caller.id, caller.username, role, caller.expires_at)

    def _signed(self, token: str) -> Caller:
        """The caller as the token says. A token is looked into once, as long as it lasts and its key is the one in use."""
        digest = hashlib.sha256(token.encode()).digest()
        if (found := _checked.get(digest)) and self.key(found.kid) is found.key and not found.has_expired:
            return found.caller
        try:
            kid = jwt.get_unverified_header(token).get("kid", "")
            key = self.key(kid) if isinstance(kid, str) else None
            if key is None:
                raise exceptions.AuthenticationFailed("This token was not signed by this system.")
            claims = jwt.decode(
                token,
                key,
                algorithms=[settings.TOKEN_ALGORITHM],
                audience=settings.TOKEN_AUDIENCE,
                issuer=settings.TOKEN_ISSUER,
                leeway=LEEWAY,
                options={"require": ["exp", "iat", "sub", "aud", "iss", "jti"]},
            )
            if claims.get("token_type") != "access":
                raise exceptions.AuthenticationFailed("This is not an access token.")
            caller = Caller(
                uuid.UUID(claims["sub"]),
                str(claims["username"]),
                str(claims["role"]),
                int(claims["exp"]),
            )
        except jwt.ExpiredSignatureError:
            raise exceptions.AuthenticationFailed("The token has expired. Refresh it or sign in again.") from None
        except (jwt.PyJWTError, ValueError, KeyError):
            raise exceptions.AuthenticationFailed("The token is not valid.") from None
        if len(_checked) >= _CHECKED_AT_MOST:
            _checked.clear()
        _checked[digest] = _Checked(kid, key, caller)
        return caller


class IsPerson(permissions.BasePermission):
    """The default: any signed-in user, but no service and nobody unknown."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Caller) and not request.user.is_service


class IsAdmin(permissions.BasePermission):
    message = "Only an administrator may do this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Caller) and request.user.is_admin


class IsAdminOrReadOnly(IsPerson):
    message = "Only an administrator may change this."

    def has_permission(self, request: Request, view: Any) -> bool:
        reads = request.method in permissions.SAFE_METHODS
        return isinstance(request.user, Caller) and not request.user.is_service and (request.user.is_admin or reads)


class IsService(permissions.BasePermission):
    message = "Only this system's own services may call this."

    def has_permission(self, request: Request, view: Any) -> bool:
        return isinstance(request.user, Caller) and request.user.is_service
