"""Counters that every worker of every machine shares, exact under any number of requests at once."""

from collections.abc import Iterable
from ipaddress import ip_address, ip_network

from django.db import connection
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from auth_service.throttles.models import Counter

# Every instant is the database's: workers on machines whose clocks differ count the same windows.
_COUNT = """
INSERT INTO throttles_counter AS counter (key, hits, last_at, expires_at)
SELECT key, 1, now(), now() + make_interval(secs => %(seconds)s)
FROM unnest(%(keys)s) AS key ORDER BY key
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN counter.expires_at <= EXCLUDED.last_at THEN 1 ELSE counter.hits + 1 END,
    last_at = EXCLUDED.last_at,
    expires_at = CASE
        WHEN %(extend)s OR counter.expires_at <= EXCLUDED.last_at THEN EXCLUDED.expires_at
        ELSE counter.expires_at
    END
RETURNING hits, extract(epoch FROM expires_at - now())
"""
_READ = """
SELECT key, hits, extract(epoch FROM now() - last_at)
FROM throttles_counter WHERE key = ANY(%s) AND expires_at > now()
"""


def key_of(kind: str, *parts: str) -> str:
    return salted_hmac(f"ems.throttles.{kind}", "\0".join(parts), algorithm="sha256").hexdigest()


def count(keys: Iterable[str], *, seconds: float, extend: bool = False) -> list[tuple[int, float]]:
    """Count one hit under each key; (hits, seconds until forgotten) of each, in the order of the keys' digests.

    A counter lives for `seconds` from its first hit, with `extend` from its latest.
    """
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"keys": list(keys), "seconds": seconds, "extend": extend})
        return [(hits, float(left)) for hits, left in cursor.fetchall()]


def read(keys: Iterable[str]) -> dict[str, tuple[int, float]]:
    """(hits, seconds since the latest) by key, of those that are not forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(keys)])
        return {key: (hits, float(ago)) for key, hits, ago in cursor.fetchall()}


def forget(keys: Iterable[str]) -> None:
    Counter.objects.filter(pk__in=list(keys)).delete()


def purge() -> int:
    """Delete what is forgotten anyway; the number deleted."""
    return Counter.objects.filter(expires_at__lte=Now()).delete()[0]


def network_of(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 that an IPv6 customer has to itself."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
