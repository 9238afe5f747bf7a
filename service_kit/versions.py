"""Rows as an owner and a copy are compared by: key, version and whether deleted; by digests of buckets, set-based."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, models
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Cast

# Rows of (key as text, version, whether deleted).
Versions = QuerySet[Any, tuple[str, int, bool]]
# 4096 buckets: 180 kB of digests at most, and of 100,000 rows some 25 in each bucket.
BUCKET_DIGITS = 3
DIGESTS = f"""
SELECT left(md5(key), {BUCKET_DIGITS}), md5(string_agg(key || ' ' || version, ',' ORDER BY key COLLATE "C"))
FROM ({{rows}}) AS rows (key, version, deleted) WHERE NOT deleted GROUP BY 1
"""
ROWS = f"""
SELECT key, version::bigint, deleted FROM ({{rows}}) AS rows (key, version, deleted)
WHERE left(md5(key), {BUCKET_DIGITS}) = ANY(%s)
"""


def versions_of(
    rows: QuerySet[Any], *, key: str = "pk", version: str = "version", deleted: Q | None = None
) -> Versions:
    """The queryset as (key, version, deleted). `key` and `version` name columns, `deleted` is the condition of a tombstone."""
    gone = models.ExpressionWrapper(deleted or models.Value(False), output_field=models.BooleanField())
    return rows.order_by().values_list(Cast(key, models.TextField()), F(version), gone)


def _select(sql: str, versions: Versions, *parameters: list[str]) -> list[Any]:
    rows, given = versions.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(sql.format(rows=rows), [*given, *parameters])
        return cursor.fetchall()


def digests_of(versions: Versions) -> dict[str, str]:
    """Bucket -> digest of its live rows."""
    return dict(_select(DIGESTS, versions))


def rows_of(versions: Versions, buckets: Iterable[str]) -> dict[str, tuple[int, bool]]:
    """Key -> (version, deleted) of the rows in these buckets."""
    return {key: (version, deleted) for key, version, deleted in _select(ROWS, versions, list(buckets))}
