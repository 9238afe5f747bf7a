"""Errors leave a service as JSON: `{"detail": ...}` or the field errors of a serializer, never a page or a trace."""

from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions, status
from rest_framework.response import Response

log = structlog.get_logger(__name__)


class Conflict(exceptions.APIException):
    """The request is right in itself but does not fit what is there now."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class Unavailable(exceptions.APIException):
    """Something that this service needs does not answer: try again shortly."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The service cannot answer right now. Try again in a few seconds."


def as_json(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; a database that does not answer is 503 with Retry-After instead of 500."""
    from rest_framework.views import (
        exception_handler,
    )  # it reads the settings that name this very function

    if isinstance(error, OperationalError | InterfaceError):
        log.error("database does not answer", error=str(error).strip())
        error = Unavailable()
    elif isinstance(error, Http404) and str(error).endswith("matches the given query."):
        # Django's words name a class of ours, which tells the caller nothing.
        error = exceptions.NotFound(f"There is nothing at {context['request'].path} that you may see.")
    response = exception_handler(error, context)
    if response is None:
        return None
    if isinstance(response.data, list) and all(isinstance(said, str) for said in response.data):
        response.data = {"detail": " ".join(response.data)}  # of no field: as every other error without one
    if response.status_code == status.HTTP_503_SERVICE_UNAVAILABLE:
        response["Retry-After"] = "3"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return JsonResponse({"detail": f"There is nothing at {request.path}."}, status=404)


def server_error(request: HttpRequest) -> JsonResponse:
    return JsonResponse(
        {"detail": "Something went wrong here. The X-Request-ID finds it in the logs."},
        status=500,
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    return JsonResponse({"detail": "The request could not be read."}, status=400)
