from functools import cache
from typing import Any

from rest_framework import serializers
from rest_framework.request import Request


class Question(serializers.Serializer[Any]):
    """The parameters of a request."""

    @classmethod
    def asked(cls, request: Request) -> dict[str, Any]:
        """Raises ValidationError."""
        found: dict[str, Any] = _reader(cls).run_validation(request.query_params)
        return found


@cache
def _reader(question: type[Question]) -> Question:
    """One for all requests, since a serializer begins by copying all of its fields; reading leaves nothing behind in it."""
    return question()
