"""`GET /internal/users/{id}/export`: what this service holds of a person, for auth_service, which puts the parts together.

A service names in PERSONAL_DATA a function of the user's id that gives the sections of its part; a section that is an
iterator goes out as a JSON array while it is read, so that years of hours never lie in memory.
"""

import uuid
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import msgspec
from django.conf import settings
from django.http import StreamingHttpResponse
from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from service_kit.auth import IsService

BATCH = 2_000


def as_json(sections: Mapping[str, Any]) -> Iterator[bytes]:
    """The object in pieces."""
    opening = b"{"
    for name, section in sections.items():
        yield opening + msgspec.json.encode(name) + b":"
        if isinstance(section, Iterator):
            yield from _array(section)
        else:
            yield msgspec.json.encode(section)
        opening = b","
    yield b"}" if sections else b"{}"


def _array(items: Iterator[Any]) -> Iterator[bytes]:
    opening = b"["
    while batch := list(islice(items, BATCH)):
        yield opening + msgspec.json.encode(batch)[1:-1]
        opening = b","
    yield b"]" if opening == b"," else b"[]"


@extend_schema(exclude=True)
class PersonalData(APIView):
    permission_classes = (IsService,)

    def get(self, request: Request, user_id: uuid.UUID) -> StreamingHttpResponse:
        """The sections; all of them empty for a user who is not known here."""
        sections = import_string(settings.PERSONAL_DATA)(user_id)
        return StreamingHttpResponse(as_json(sections), content_type="application/json")
