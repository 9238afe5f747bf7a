"""Where the request at hand comes from, for the audit and the throttles."""

import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from service_kit.auth import Caller

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def remember_request(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whatever the request does may ask for its origin. A job or a command has none."""

    def middleware(request: HttpRequest) -> HttpResponse:
        before = _request.set(request)
        try:
            return get_response(request)
        finally:
            _request.reset(before)

    return middleware


def client_address(request: HttpRequest) -> str:
    """The caller's address as the gateway saw it; of a request that came past no gateway, the connection's own.

    The gateway drops what a client sends as X-Forwarded-For and writes the address of its connection, which is
    therefore the last entry even where somebody lets another proxy's entries pass.
    """
    forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return forwarded or request.META["REMOTE_ADDR"]


def current_address() -> str | None:
    request = _request.get()
    return client_address(request) if request else None


def current_user_agent() -> str:
    request = _request.get()
    return request.headers.get("User-Agent", "") if request else ""


def current_actor() -> uuid.UUID | None:
    """Who is signed in to the request at hand; None when nobody is."""
    # DRF puts the caller that it authenticated on Django's request.
    caller = getattr(_request.get(), "user", None)
    return caller.id if isinstance(caller, Caller) and not caller.is_service else None
