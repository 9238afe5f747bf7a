"""What a caller may do how often. Refusals are 429 with Retry-After."""

from typing import Any

from django.conf import settings
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from auth_service.origin import client_address
from auth_service.throttles import counters
from auth_service.throttles.counters import key_of, network_of

HOUR, MONTH = 3600, 30 * 86400
# Wrong passwords before the first wait; then 1, 2, 4 ... seconds.
FREE_TRIES, FREE_TRIES_FROM_ANYWHERE = 5, 20
LONGEST_WAIT = 60


class TooMany(Throttled):
    """Too many requests."""

    default_detail = __doc__
    extra_detail_singular = "Try again in {wait} second."
    extra_detail_plural = "Try again in {wait} seconds."


class PerAddress(BaseThrottle):
    """At most THROTTLE_... requests of one address to the views that share a `throttle_scope`."""

    def allow_request(self, request: Request, view: Any) -> bool:
        most, seconds = settings.THROTTLES[view.throttle_scope]
        key = key_of(view.throttle_scope, network_of(client_address(request._request)))
        limit(key, most=most, seconds=seconds, detail="Too many of these requests from your address.")
        return True


def limit(key: str, *, most: int, seconds: float, detail: str) -> None:
    """Count one more; raises TooMany when there were more than `most` in `seconds`."""
    ((hits, left),) = counters.count([key], seconds=seconds)
    if hits > most:
        raise TooMany(wait=left, detail=detail)


class WrongPasswords:
    """Slows down whoever guesses passwords, and not whom they belong to.

    Counted by the name as it was given, so that nothing differs for a name that nobody has: for each address of its
    own, and more leniently for all addresses together, which does not bind an address where the name has signed in lately.
    """

    def __init__(self, *, name: str, address: str) -> None:
        who, where = name.casefold(), network_of(address)
        self._here = key_of("wrong", who, where)
        self._anywhere = key_of("wrong", who)
        self._trusted = key_of("trusted", who, where)

    def check(self) -> None:
        """Raises TooMany while the next try has to wait."""
        counted = counters.read([self._here, self._anywhere, self._trusted])
        wait = _wait(counted.get(self._here), FREE_TRIES)
        if self._trusted not in counted:
            wait = max(wait, _wait(counted.get(self._anywhere), FREE_TRIES_FROM_ANYWHERE))
        if wait > 0:
            raise TooMany(wait=wait, detail="Too many tries with a wrong password.")

    def wrong(self) -> None:
        counters.count([self._here, self._anywhere], seconds=HOUR, extend=True)

    def right(self) -> None:
        counters.forget([self._here])
        counters.count([self._trusted], seconds=MONTH, extend=True)

    def forgive(self) -> None:
        """The owner has proved who they are in another way."""
        counters.forget([self._here, self._anywhere])


def _wait(counted: tuple[int, float] | None, free: int) -> float:
    """Seconds that are left of the wait after the latest wrong password."""
    hits, ago = counted or (0, 0.0)
    return min(2.0 ** min(hits - free, 20), LONGEST_WAIT) - ago if hits >= free else 0.0
