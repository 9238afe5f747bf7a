"""How the OpenAPI schemas name our authentication and our errors."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.metadata import SimpleMetadata
from rest_framework.request import Request


class BearerScheme(OpenApiAuthenticationExtension):
    target_class = "service_kit.auth.TokenAuthentication"
    match_subclasses = True
    name = "bearer"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


class Summary(SimpleMetadata):
    """What OPTIONS answers with. The fields stand in the OpenAPI schema; DRF would look for an object to list them by."""

    def determine_actions(self, request: Request, view: Any) -> dict[str, Any]:
        return {}


class ProblemSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField(help_text="What is wrong and what to do.")


_FIELD_ERRORS = {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}
_PROBLEMS = {
    401: "No token, or one that is not good (any more).",
    403: "Your role may not do this.",
    404: "There is no such thing, or you may not see it.",
    409: "It does not fit what is there now; `detail` says why.",
    422: "Another service refused it, and everything was undone.",
    429: "Too many of these lately. The header `Retry-After` says after how many seconds to try again.",
    503: "Something that this service needs does not answer. The header `Retry-After` says when to try again.",
}


def problems(*statuses: int, said: dict[int, str] | None = None) -> dict[int, Any]:
    """Error answers for `extend_schema(responses=...)`: `problems(400, 401, said={401: "The name or the password is wrong."})`."""
    answers: dict[int, Any] = {}
    for status in statuses:
        if status == 400:
            answers[400] = OpenApiResponse(_FIELD_ERRORS, description="What is wrong, by field.")
        else:
            answers[status] = OpenApiResponse(ProblemSerializer, (said or {}).get(status, _PROBLEMS[status]))
    return answers
