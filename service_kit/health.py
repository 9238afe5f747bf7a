"""`GET /api/<prefix>/health`: 200 when this service can serve, 503 naming the part that fails."""

from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


def database() -> str | None:
    """None when the database answers, else what it said."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error as error:
        connection.close()
        return str(error).strip() or "does not answer"
    return None


_answer = inline_serializer(
    "Health",
    {
        "status": serializers.ChoiceField(["ok", "failing"]),
        "checks": serializers.DictField(child=serializers.CharField()),
        "warnings": serializers.DictField(child=serializers.CharField()),
    },
)


class HealthView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="health",
        auth=[],
        responses={200: _answer, 503: _answer},
        tags=["health"],
    )
    def get(self, request: Request) -> Response:
        """Whether this service can serve; each failing part is named with its reason. A warning is for the operator only."""
        checks = {
            "database": database,
            **{n: import_string(f) for n, f in getattr(settings, "HEALTH_CHECKS", {}).items()},
        }
        failing = {name: reason for name, check in checks.items() if (reason := check())}
        warnings = (
            {} if failing else {n: import_string(f)() for n, f in getattr(settings, "HEALTH_WARNINGS", {}).items()}
        )
        body = {
            "status": "failing" if failing else "ok",
            "checks": {name: failing.get(name, "ok") for name in checks},
            "warnings": {name: warning for name, warning in warnings.items() if warning},
        }
        return Response(body, status=503 if failing else 200)
