"""What happens to every request before a view sees it."""

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse

Handler = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("request")
_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def correlation(get_response: Handler) -> Handler:
    """Keep the gateway's X-Request-ID (or make one), bind it to every log line and event, and answer with it and with the time
    that it took here (Server-Timing, ms)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        correlation_id = given if _SAFE_ID.fullmatch(given) else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation_id=correlation_id)
        started = time.perf_counter()
        response = get_response(request)
        ms = round((time.perf_counter() - started) * 1000, 1)
        response["X-Request-ID"] = correlation_id
        response["Server-Timing"] = f"app;dur={ms}"
        if not request.path.endswith("/health"):
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status_code,
                ms=ms,
            )
        return response

    return middleware


def same_path_with_and_without_slash(get_response: Handler) -> Handler:
    """`/api/devices/` is `/api/devices`: routes are written without the slash, callers may add it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if len(request.path_info) > 1 and request.path_info.endswith("/"):
            request.path_info = request.path_info.rstrip("/") or "/"
        return get_response(request)

    return middleware
