import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

LONGEST = 2 << 20


class BodyTooLong(APIException):
    status_code = 413
    default_detail = f"A body of JSON may have {LONGEST:,} bytes: send less at once."
    default_code = "body_too_long"


class BoundedJson(JSONParser):
    """JSON whose size is bounded and whose strings are text. Raises BodyTooLong or ParseError."""

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(LONGEST + 1)
        if len(body) > LONGEST:
            raise BodyTooLong
        try:
            text = body.decode((parser_context or {}).get("encoding", "utf-8"))
            data = json.loads(text, parse_constant=strict_constant)
            if "\\u" in text:
                # Half of a surrogate pair is JSON, but no text that a database or an answer could hold.
                json.dumps(data, ensure_ascii=False).encode()
        except (ValueError, LookupError, RecursionError) as error:
            raise ParseError(f"The body is not JSON that can be read: {error}") from error
        return data
