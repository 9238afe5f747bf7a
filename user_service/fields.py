"""Fields that refuse what DRF's own let through, and say how to do it right."""

from difflib import get_close_matches
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from rest_framework import serializers


@cache
def zones() -> frozenset[str]:
    # Two files of the zone database that name whatever the machine's own clock is set to.
    return frozenset(available_timezones() - {"localtime", "Factory"})


class TimeZone(serializers.CharField):
    """An IANA time zone name."""

    default_error_messages = {"unknown": "{input!r} is not an IANA time zone. {hint}"}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in zones():
            near = get_close_matches(name, zones(), n=1)
            self.fail(
                "unknown", input=name, hint=f"Did you mean {near[0]}?" if near else "Use one such as Europe/Rome."
            )
        return name
