"""Time-of-use prices: which one holds at a minute of the plant's local week. Pure; knows no Django.

A rate is `{"price_per_kwh", "weekdays": [1 Monday .. 7 Sunday], "from_minute", "to_minute"}`, minutes of the day from 0 to 1440.
"""

from collections.abc import Sequence
from typing import Any

DAY_MINUTES = 24 * 60
WEEKDAYS = {1: "Monday", 2: "Tuesday", 3: "Wednesday", 4: "Thursday", 5: "Friday", 6: "Saturday", 7: "Sunday"}


class RatesDoNotFit(ValueError):
    """The rates leave a minute of the week without a price, or give it two: the text names it."""


def clock(minute: int) -> str:
    """A minute of the day as HH:MM; 1440 is 24:00."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def check_week(rates: Sequence[dict[str, Any]]) -> None:
    """Raises RatesDoNotFit unless every minute of the week has exactly one price."""
    for weekday, name in WEEKDAYS.items():
        spans = sorted((rate["from_minute"], rate["to_minute"]) for rate in rates if weekday in rate["weekdays"])
        priced_until = 0
        for start, end in [*spans, (DAY_MINUTES, DAY_MINUTES)]:
            if start > priced_until:
                raise RatesDoNotFit(
                    f"{name} {clock(priced_until)} to {clock(start)} has no price. Extend a rate or add one for it."
                )
            if start < priced_until and start < end:
                raise RatesDoNotFit(
                    f"{name} {clock(start)} to {clock(min(priced_until, end))} has two prices. Shorten one of the rates."
                )
            priced_until = max(priced_until, end)
