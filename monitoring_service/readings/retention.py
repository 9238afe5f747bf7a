"""Months of readings: made ahead, and dropped when they are older than RETENTION_MONTHS. Hours stay for ever.

What an hour near the edge needs of a dropped month is kept: the instant up to which hours rest on dropped readings, and where a
register stood there. Readings that come later for such hours go to the operator's list.
"""

import re
from datetime import UTC, datetime

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction

from monitoring_service.hours.energy import ADJACENT_INTERVALS, BRIDGED_INTERVALS
from monitoring_service.readings.partitions import TABLES, ensure_months

log = structlog.get_logger(__name__)
AHEAD_MONTHS = 2
# Readers and writers wait behind a drop that waits: rather try again later than hold them up.
_LOCK_TIMEOUT = "2s"
_NAME = re.compile(r"(?P<table>\w+)_(?P<year>\d{4})_(?P<month>\d{2})")
Month = tuple[int, int]


def months_from(now: datetime, count: int) -> list[Month]:
    """`count` months, beginning with that of `now` (a negative count: back from there, without it)."""
    first = now.year * 12 + now.month - 1
    numbers = range(first, first + count) if count >= 0 else range(first + count, first)
    return [(number // 12, number % 12 + 1) for number in numbers]


def make_ahead(*, now: datetime, months: int = AHEAD_MONTHS) -> list[str]:
    """The month of `now` and the next ones, so that no reading has to wait for its month; the names of those made."""
    made = []
    with transaction.atomic():
        for table in TABLES:
            made += ensure_months(months_from(now, months + 1), table=table)
    return made


def dropable(*, now: datetime, keep_months: int) -> list[Month]:
    """Months that lie wholly before the `keep_months` before that of `now`, oldest first; none for 0, which keeps all."""
    if not keep_months:
        return []
    oldest_kept = months_from(now, -keep_months)[0]
    return sorted({month for _, month in _partitions() if month < oldest_kept})


def drop_month(month: Month) -> bool:
    """Drop the readings of a month, with a note of the hours that rest on them; False when others were in the way for now."""
    year, number = month
    first = datetime(year, number, 1, tzinfo=UTC)
    end = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            # Nobody has half a batch in it, and nobody begins one before the note is there.
            cursor.execute(f"LOCK TABLE {', '.join(TABLES)} IN ACCESS EXCLUSIVE MODE")
            names = [name for name, of in _partitions() if of == month]
            if any(name.startswith(TABLES[0]) for name in names):
                cursor.execute(_CUTOFFS, {"first": first, "end": end})
                cursor.execute(
                    """UPDATE readings_doubtfulreading SET reason = 'dropped_month'
                       WHERE decision IS NULL AND at >= %s AND at < %s""",
                    [first, end],
                )
            for name in names:
                cursor.execute(f"DROP TABLE {name}")
    except OperationalError as error:
        if getattr(error.__cause__, "pgcode", None) != "55P03":  # lock not available
            raise
        log.info("month not dropped, others are at work", month=f"{year}-{number:02}")
        return False
    log.info("month dropped", month=f"{year}-{number:02}", partitions=names)
    return True


def keep_partitions() -> int:
    """The job: make what is needed next, drop what is too old; how many partitions and months that was."""
    now = datetime.now(UTC)
    made = make_ahead(now=now)
    dropped = [month for month in dropable(now=now, keep_months=settings.RETENTION_MONTHS) if drop_month(month)]
    return len(made) + len(dropped)


def _partitions() -> list[tuple[str, Month]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
               WHERE i.inhparent = ANY(%s::regclass[]) ORDER BY 1""",
            [list(TABLES)],
        )
        found = [(name, _NAME.fullmatch(name)) for (name,) in cursor.fetchall()]
    return [(name, (int(m["year"]), int(m["month"]))) for name, m in found if m]


# For each device with readings in the month: the first whole hour from which on its hours can be computed without them.
# A register's is right after its last count; there it stood on the line to its next count (or to where the meter was replaced).
_CUTOFFS = f"""
WITH last AS MATERIALIZED (
    SELECT d.id, d.reading, d.interval_seconds * interval '1 second' AS span, d.register_max, r.at, r.value,
           to_timestamp(ceil(extract(epoch FROM r.at) / 3600) * 3600) AS edge
    FROM devices_device d, LATERAL (
        SELECT at, value FROM readings_reading
        WHERE device_id = d.id AND at >= %(first)s AND at < %(end)s AND (d.reading <> 'register_kwh' OR state IN (0, 3))
        ORDER BY at DESC LIMIT 1) r),
following AS (
    SELECT DISTINCT ON (l.id) l.id, n.at, n.value, n.is_reading
    FROM last l, LATERAL (
        (SELECT at, value, true AS is_reading FROM readings_reading
         WHERE device_id = l.id AND at >= %(end)s AND state IN (0, 3) ORDER BY at LIMIT 1)
        UNION ALL
        (SELECT at, final_register, false FROM devices_meterchange
         WHERE device_id = l.id AND at > l.at ORDER BY at LIMIT 1)) n
    WHERE l.reading = 'register_kwh'
    ORDER BY l.id, n.at, n.is_reading),
stood AS (
    SELECT l.id, l.edge, f.value AS next_value, f.at AS next_at, l.at, l.value,
           CASE WHEN f.value >= l.value THEN f.value - l.value
                WHEN l.register_max > 0 AND l.value > 0.9 * l.register_max AND f.value < 0.1 * l.register_max
                     THEN l.register_max - l.value + f.value
                WHEN f.is_reading AND f.value < 0.9 * l.value THEN f.value
                ELSE 0 END AS energy
    FROM last l LEFT JOIN following f ON f.id = l.id
    WHERE l.reading = 'register_kwh')
INSERT INTO readings_cutoff AS c (device_id, at, register)
SELECT id, edge, CASE WHEN next_at IS NULL THEN value
                      ELSE next_value - energy * extract(epoch FROM next_at - edge) / extract(epoch FROM next_at - at) END
FROM stood
UNION ALL
SELECT id, to_timestamp(ceil(extract(epoch FROM %(end)s + span * CASE reading WHEN 'power_w' THEN {BRIDGED_INTERVALS}
                                                                 ELSE {ADJACENT_INTERVALS} END) / 3600) * 3600), NULL
FROM last WHERE reading <> 'register_kwh'
ON CONFLICT (device_id) DO UPDATE SET at = EXCLUDED.at, register = EXCLUDED.register WHERE c.at < EXCLUDED.at
"""
