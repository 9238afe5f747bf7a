"""What a reading's instant and number must be, whatever form they came in. Says what was found and what was expected."""

import json
import math
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec

# Beyond it sums over years stop being exact, or even finite; no meter of this planet comes near.
MAX_ABSOLUTE = 1e15
MAX_REVISION = 2**31 - 1
EARLIEST_US = int(datetime(2000, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
AHEAD_US = 24 * 3600 * 1_000_000

AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]
_convert_time = msgspec.json.Decoder(AwareTime).decode


class Refused(ValueError):
    """A reading or a body that is not taken in: says what was found and what was expected."""


def rfc3339(at_us: int) -> str:
    """Microseconds since 1970 as RFC 3339 in UTC."""
    seconds, microseconds = divmod(at_us, 1_000_000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=microseconds)
    return moment.isoformat().replace("+00:00", "Z")


def to_us(moment: datetime) -> int:
    """Microseconds since 1970; a float holds them exactly to the microsecond until the year 2255."""
    return round(moment.timestamp() * 1e6)


def checked_stamp(stamp: Any, now_us: int) -> int:
    """The microseconds since 1970 of a timestamp as it was sent. Raises Refused."""
    if isinstance(stamp, str):
        try:
            stamp = _convert_time(msgspec.json.encode(stamp))
        except msgspec.MsgspecError:
            raise Refused(
                f"timestamp {shown_as_text(stamp)} is not RFC 3339 with an offset, such as 2026-01-31T18:10:00Z"
            ) from None
    if not isinstance(stamp, datetime):
        raise Refused(f"timestamp {shown_as_text(stamp)} is not text in RFC 3339, such as 2026-01-31T18:10:00Z")
    try:
        at_us = to_us(stamp)
    except (OverflowError, ValueError):
        raise Refused(f"timestamp {stamp.isoformat()} is out of range") from None
    checked_instant(at_us, stamp.isoformat(), now_us)
    return at_us


def checked_instant(at_us: int, shown: str, now_us: int) -> None:
    """Raises Refused for an instant that no reading can have; `shown` is as the sender wrote it."""
    if at_us < EARLIEST_US:
        raise Refused(f"timestamp {shown} is before 2000: set the meter's clock")
    if at_us > now_us + AHEAD_US:
        raise Refused(f"timestamp {shown} is more than 24 h ahead: set the meter's clock")


def checked_number(value: Any, name: str) -> float:
    """The value as a finite float that a meter could send. Raises Refused naming it by `name`."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"{name} {shown_as_text(value)} is not a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise Refused(f"{name} {shown_as_text(value)} is not a finite number")
    if abs(number) > MAX_ABSOLUTE:
        raise Refused(f"{name} {shown_as_text(value)} is beyond any meter: the limit is {MAX_ABSOLUTE:g}")
    return number


def checked_revision(value: Any) -> int:
    """The revision, 0 when none was sent. Raises Refused."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_REVISION:
        raise Refused(f"revision {shown_as_text(value)} is not an integer from 0 to {MAX_REVISION}")
    return value


def storable(text: str) -> bool:
    """Whether PostgreSQL takes it: no NUL and no half of a surrogate pair."""
    return "\0" not in text and text.isprintable()


def shown_as_text(value: Any) -> str:
    """The beginning of what was sent, for a reason."""
    if not isinstance(value, str):
        return json.dumps(value, default=str)[:80]
    # JSON may hold half a character, which no answer could be encoded with.
    return f'"{value[:80].encode(errors="backslashreplace").decode()}"'
