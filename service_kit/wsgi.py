"""A service as gunicorn calls it: Django, with request bodies that come in whole."""

import json
import os
from collections.abc import Iterable
from tempfile import SpooledTemporaryFile
from typing import IO
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from django.core.wsgi import get_wsgi_application

MIB = 1 << 20
LONGEST_IN_CHUNKS = 16 * MIB
LONGEST_UNREAD = 4 * MIB
_TOO_LONG = f"A body in chunks may have {LONGEST_IN_CHUNKS:,} bytes: say its length (Content-Length), or send less."
_PART = 1 << 16


def service(settings: str) -> WSGIApplication:
    """The application with this settings module."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    return whole_bodies(get_wsgi_application())


def whole_bodies(application: WSGIApplication) -> WSGIApplication:
    """Bodies come in whole, whether they say their length or not and whether a view wants them or not.

    Django knows a body by its length: one in chunks, as streams and some clients send it, would be empty. And behind a long
    body that nobody has read, gunicorn closes the connection, on which the gateway may have sent somebody's next request.
    """

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked" and not _say_length(environ):
            start_response("413 Content Too Large", [("Content-Type", "application/json")])
            return [json.dumps({"detail": _TOO_LONG}).encode()]
        response = application(environ, start_response)
        left = LONGEST_UNREAD
        while left > 0 and (part := environ["wsgi.input"].read(_PART)):
            left -= len(part)
        return response

    return serve


def _say_length(environ: WSGIEnvironment) -> bool:
    """Whether the body has an end before LONGEST_IN_CHUNKS."""
    body: IO[bytes] = SpooledTemporaryFile(MIB)  # noqa: SIM115  # it lives as long as the request
    while part := environ["wsgi.input"].read(_PART):
        if body.tell() + len(part) > LONGEST_IN_CHUNKS:
            return False
        body.write(part)
    environ["CONTENT_LENGTH"] = str(body.tell())
    body.seek(0)
    environ["wsgi.input"] = body
    return True
