"""The months that readings are stored in, made when a reading needs one."""

from collections.abc import Iterable
from datetime import UTC, datetime

from django.db import connection

TABLES = ("readings_reading", "readings_metricreading")
_LOCK = 0x4D4F4E5448


def ensure_months(months: Iterable[tuple[int, int]], *, table: str) -> list[str]:
    """Partitions of `table` for these (year, month), in the running transaction; the names of those made now.

    Call it before taking row locks: another writer who makes the same month waits here until this transaction ends.
    """
    wanted = {f"{table}_{year:04}_{month:02}": (year, month) for year, month in months}
    with connection.cursor() as cursor:
        missing = _missing(wanted)
        if not missing:
            return []
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        missing = _missing(wanted)
        for name in missing:
            year, month = wanted[name]
            first = datetime(year, month, 1, tzinfo=UTC)
            end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
            # CREATE ... PARTITION OF would lock out every reader; ATTACH does not.
            cursor.execute(f"CREATE TABLE {name} (LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
            cursor.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM (%s) TO (%s)",
                [first, end],
            )
    return missing


def _missing(names: Iterable[str]) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            # Not to_regclass: within a transaction it may not see yet what another one has just made.
            """SELECT name FROM unnest(%s::text[]) AS name
               WHERE NOT EXISTS (SELECT FROM pg_class WHERE relname = name AND relnamespace = current_schema()::regnamespace)
               ORDER BY name""",
            [list(names)],
        )
        return [name for (name,) in cursor.fetchall()]
