"""Fields of people that two services must judge alike: what one has accepted, the other may not refuse later."""

import re
from typing import Any

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
