"""What a meter or a browser sends: read whole, bounded, and refused with a reason when it is no JSON."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest
from rest_framework.exceptions import ParseError

from service_kit import wsgi
from service_kit.parsers import LONGEST, BodyTooLong, BoundedJson


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[" * 100_000, b'{"a":' * 100_000, b"\xff\xfe", b'{"a": NaN}', rb'{"a": "\ud800"}', rb'{"\udc00": 1}'],
    ids=["empty", "cut off", "deep list", "deep object", "no UTF-8", "NaN", "half a pair", "half a pair as name"],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ParseError):
        BoundedJson().parse(BytesIO(body))


def test_what_is_json_is_read() -> None:
    assert BoundedJson().parse(BytesIO(rb'{"a": "\ud83d\ude00 \u0000", "b": [1.5, null]}')) == {
        "a": "😀 \0",
        "b": [1.5, None],
    }
    assert BoundedJson().parse(BytesIO('{"ä": 1}'.encode("utf-16")), None, {"encoding": "utf-16"}) == {"ä": 1}


def test_a_body_that_is_too_long_is_refused_before_it_is_read_to_its_end() -> None:
    body = BytesIO(b'"' + b"x" * 2 * LONGEST + b'"')
    with pytest.raises(BodyTooLong):
        BoundedJson().parse(body)
    assert body.tell() == LONGEST + 1


def send(body: bytes, *, reads: bool = True, **headers: str) -> tuple[str, bytes, BytesIO]:
    """(status, what the application read of it, what came from the caller)."""
    came, told, read = BytesIO(body), [], []

    def application(environ: Any, start_response: Any) -> Iterable[bytes]:
        if reads:
            read.append(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        start_response("200 OK", [])
        return [b""]

    def start_response(status: str, _: Any) -> None:
        told.append(status)

    wsgi.whole_bodies(application)({"wsgi.input": came, **headers}, start_response)  # type: ignore[arg-type]
    return told[0], b"".join(read), came


def test_a_body_in_chunks_has_a_length() -> None:
    assert send(b"[1, 2]", HTTP_TRANSFER_ENCODING="chunked")[:2] == ("200 OK", b"[1, 2]")


def test_a_body_in_chunks_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi, "LONGEST_IN_CHUNKS", 100_000)
    status, read, came = send(b"x" * 1_000_000, HTTP_TRANSFER_ENCODING="chunked")
    assert (status, read) == ("413 Content Too Large", b"")
    assert came.tell() < 200_000


def test_a_body_that_nobody_wanted_is_read_to_its_end() -> None:
    assert send(b"x" * 100_000, reads=False, CONTENT_LENGTH="100000")[2].read() == b""


def test_but_not_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi, "LONGEST_UNREAD", 100_000)
    assert send(b"x" * 1_000_000, reads=False, CONTENT_LENGTH="1000000")[2].tell() < 200_000
