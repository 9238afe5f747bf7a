"""Fields that two services must judge alike: what one has accepted, the other may not refuse later."""

import re
from difflib import get_close_matches
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from rest_framework import serializers

NAME_LENGTH = 150


class Phone(serializers.CharField):
    """A telephone number as people write it; empty for none."""

    default_error_messages = {
        "phone": "{input!r} is not a phone number. Use digits, spaces and + ( ) . / # * x - only, such as +39 06 1234567."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, allow_blank=True, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        number = super().to_internal_value(data)
        if not re.fullmatch(r"[0-9+(). /#*x-]*", number):
            self.fail("phone", input=number)
        return number


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
