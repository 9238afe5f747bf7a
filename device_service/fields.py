"""Fields that refuse what DRF's own let through, and say how to do it right."""

import math
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework import serializers

# Django fills in the value, DRF the limit.
LIMITS: dict[str, Any] = {
    "min_value": "%(show_value)s is less than {min_value}, the least it can be.",
    "max_value": "%(show_value)s is more than {max_value}, the most it can be.",
}


class Number(serializers.FloatField):
    """A finite JSON number. DRF's FloatField takes true as 1."""

    default_error_messages = {"number": "{input!r} is not a finite number. Send one such as 1.5.", **LIMITS}

    def to_internal_value(self, data: Any) -> float:
        try:
            value = math.nan if isinstance(data, bool) else float(data)
        except (TypeError, ValueError, OverflowError):
            value = math.nan
        if not math.isfinite(value):
            self.fail("number", input=str(data)[:50])
        return value


class Instant(serializers.DateTimeField):
    """RFC 3339 with an offset: without one the same text means another instant in every zone."""

    default_error_messages = {
        "offset": "{input!r} has no offset. Add one, such as 2026-01-31T18:10:00Z or 2026-01-31T19:10:00+01:00."
    }

    def to_internal_value(self, value: Any) -> datetime:
        try:
            parsed = parse_datetime(value) if isinstance(value, str) else value
        except ValueError:
            self.fail("invalid", format="2026-01-31T18:10:00Z")
        if isinstance(parsed, datetime) and parsed.tzinfo is None:
            self.fail("offset", input=value)
        try:
            return super().to_internal_value(value)
        except OverflowError:
            # Year 1 with a positive offset lies before the calendar begins.
            self.fail("overflow")


class Ref(serializers.PrimaryKeyRelatedField):
    """Another object by its id; an unknown id is named together with the list that holds the known ones."""

    def __init__(self, *, what: str, listed_at: str, **kwargs: Any) -> None:
        super().__init__(
            pk_field=serializers.UUIDField(),
            error_messages={"does_not_exist": f"There is no {what} {{pk_value}}. GET {listed_at} lists them."},
            **kwargs,
        )
