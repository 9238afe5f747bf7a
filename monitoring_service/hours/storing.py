"""Hours and their readings' states as they are written: every statement that changes the hour table."""

import time
from dataclasses import dataclass

import numpy as np
from django.conf import settings
from django.db import connection

from monitoring_service.hours.energy import Floats, Ints, Meter, Quality, State, expected_readings, hours_of
from monitoring_service.hours.rows import array, floats

# Sums of older hours may be kept for as long as LastReading.old_changes stands still.
OLD_DAYS = 21


@dataclass(frozen=True)
class ChangedHours:
    """The span of a device's hours that changed: starts of the first and the last, microseconds since 1970."""

    device_id: str
    first_us: int
    last_us: int


def store_states(device_ids: list[str], device: Ints, at: Ints, value: Floats, state: Ints) -> None:
    """Rows that count otherwise than before; what is held from now on is put on the operator's list, what is not leaves it."""
    rows = [array(device_ids[d] for d in device.tolist()), array(at.tolist())]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE readings_reading r SET state = i.state
            FROM unnest(%s::uuid[], %s::bigint[], %s::smallint[]) AS i (device_id, at, state)
            WHERE r.device_id = i.device_id AND r.at = 'epoch'::timestamptz + i.at * interval '1 microsecond'
            """,
            [*rows, array(state.tolist())],
        )
        cursor.execute(
            f"""
            WITH i AS MATERIALIZED (
                SELECT device_id, 'epoch'::timestamptz + at * interval '1 microsecond' AS at, value, state
                FROM unnest(%s::uuid[], %s::bigint[], %s::float8[], %s::smallint[]) AS u (device_id, at, value, state)),
            cleared AS (
                DELETE FROM readings_doubtfulreading d USING i
                WHERE d.device_id = i.device_id AND d.at = i.at AND i.state = {State.COUNTED:d} AND d.decision IS NULL)
            INSERT INTO readings_doubtfulreading AS d (id, device_id, at, value, reason)
            SELECT gen_random_uuid(), device_id, at, value,
                   CASE state WHEN {State.HELD_DIP:d} THEN 'dip' ELSE 'implausible' END
            FROM i WHERE state IN ({State.HELD_DIP:d}, {State.HELD_IMPLAUSIBLE:d})
            ON CONFLICT (device_id, at) DO UPDATE SET reason = EXCLUDED.reason WHERE d.decision IS NULL
            """,
            [*rows, floats(value.tolist()), array(state.tolist())],
        )


def store_hours(
    device_ids: list[str],
    meters: list[Meter],
    device: Ints,
    start: Ints,
    quarters: Floats,
    counts: Ints,
    whole: Ints,
    quality: Ints,
    exported: Floats,
) -> list[ChangedHours]:
    if not len(start):
        return []
    order = np.lexsort((start, device))
    device, start, quarters, counts = device[order], start[order], quarters[order], counts[order]
    whole, quality, exported = whole[order], quality[order], exported[order]
    kwh = np.where(np.isnan(quarters).all(axis=1), np.nan, np.nansum(quarters, axis=1))
    expected = np.array([expected_readings(meter.interval_us) or np.nan for meter in meters])[device]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO hours_hour AS h (device_id, start, q1, q2, q3, q4, kwh, expected, n1, n2, n3, n4, readings, whole,
                                         quality, x1, x2, x3, x4, version, published_version)
            SELECT (%s::uuid[])[i.device + 1], 'epoch'::timestamptz + i.start * interval '1 microsecond',
                   i.q1, i.q2, i.q3, i.q4, i.kwh, i.expected, i.n1, i.n2, i.n3, i.n4, i.n1 + i.n2 + i.n3 + i.n4, i.whole,
                   i.quality, i.x1, i.x2, i.x3, i.x4, 1, 0
            FROM unnest(%s::int[], %s::bigint[], {", ".join(["%s::float8[]"] * 6)}, {", ".join(["%s::int[]"] * 4)},
                        %s::smallint[], %s::smallint[], {", ".join(["%s::float8[]"] * 4)})
                 AS i (device, start, q1, q2, q3, q4, kwh, expected, n1, n2, n3, n4, whole, quality, x1, x2, x3, x4)
            WHERE i.kwh IS NOT NULL OR i.n1 + i.n2 + i.n3 + i.n4 > 0 OR EXISTS (
                SELECT FROM hours_hour e WHERE e.device_id = (%s::uuid[])[i.device + 1]
                                           AND e.start = 'epoch'::timestamptz + i.start * interval '1 microsecond')
            ON CONFLICT (device_id, start) DO UPDATE SET
                (x1, x2, x3, x4) = (EXCLUDED.x1, EXCLUDED.x2, EXCLUDED.x3, EXCLUDED.x4),
                (q1, q2, q3, q4, kwh, expected, n1, n2, n3, n4, readings, whole) = (
                    EXCLUDED.q1, EXCLUDED.q2, EXCLUDED.q3, EXCLUDED.q4, EXCLUDED.kwh, EXCLUDED.expected,
                    EXCLUDED.n1, EXCLUDED.n2, EXCLUDED.n3, EXCLUDED.n4, EXCLUDED.readings, EXCLUDED.whole),
                version = h.version + 1,
                revised_at = CASE WHEN {_CHANGED_LATE} THEN now() ELSE h.revised_at END,
                quality = CASE WHEN EXCLUDED.quality = {Quality.MEASURED} AND (h.revised_at IS NOT NULL OR {_CHANGED_LATE})
                               THEN {Quality.LATE} ELSE EXCLUDED.quality END
            WHERE (h.q1, h.q2, h.q3, h.q4, h.x1, h.x2, h.x3, h.x4, h.expected, h.n1, h.n2, h.n3, h.n4, h.whole,
                   CASE h.quality WHEN {Quality.LATE} THEN {Quality.MEASURED} ELSE h.quality END)
                  IS DISTINCT FROM
                  (EXCLUDED.q1, EXCLUDED.q2, EXCLUDED.q3, EXCLUDED.q4, EXCLUDED.x1, EXCLUDED.x2, EXCLUDED.x3, EXCLUDED.x4,
                   EXCLUDED.expected, EXCLUDED.n1, EXCLUDED.n2,
                   EXCLUDED.n3, EXCLUDED.n4, EXCLUDED.whole, EXCLUDED.quality::int)
            RETURNING device_id::text, (extract(epoch FROM start) * 1000000)::bigint
            """,
            [
                (ids := array(device_ids)),
                array(device.tolist()),
                array(start.tolist()),
                *(floats(quarters[:, i].tolist()) for i in range(4)),
                floats(kwh.tolist()),
                floats(expected.tolist()),
                *(array(counts[:, i].tolist()) for i in range(4)),
                array(whole.tolist()),
                array(quality.tolist()),
                *(floats(exported[:, i].tolist()) for i in range(4)),
                ids,
                settings.GRACE_MINUTES,
                settings.GRACE_MINUTES,
            ],
        )
        spans: dict[str, tuple[int, int]] = {}
        for device_id, start_us in cursor.fetchall():
            low, high = spans.get(device_id, (start_us, start_us))
            spans[device_id] = (min(low, start_us), max(high, start_us))
    return _noted([ChangedHours(device_id, low, high) for device_id, (low, high) in sorted(spans.items())])


# Complete, and changed after its end and the grace time; filling an hour that was partial or an estimate is no revision.
_CHANGED_LATE = f"""(h.quality IN ({Quality.MEASURED}, {Quality.LATE})
                     AND now() > h.start + interval '1 hour' + %s * interval '1 minute')"""


def add_to_hours(*, device_id: str, meter: Meter, at_us: int, value: float) -> list[ChangedHours]:
    """Add one interval reading to hours whose other readings were dropped; what changed."""
    one = np.zeros(1, dtype=np.int64)
    hours, _ = hours_of([meter], one, np.array([at_us]), np.array([value]), np.full(1, State.ACCEPTED))
    with connection.cursor() as cursor:
        for row in range(len(hours.start)):
            quarters = [None if q != q else q for q in hours.quarters[row].tolist()]
            counts = hours.counts[row].tolist()
            cursor.execute(
                f"""
                INSERT INTO hours_hour AS h (device_id, start, q1, q2, q3, q4, kwh, expected, n1, n2, n3, n4, readings, whole,
                                             quality, version, published_version)
                VALUES (%s, 'epoch'::timestamptz + %s * interval '1 microsecond', %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                        %s, 1, 0)
                ON CONFLICT (device_id, start) DO UPDATE SET
                    {", ".join(f"q{i} = CASE WHEN num_nulls(h.q{i}, EXCLUDED.q{i}) = 2 THEN NULL ELSE coalesce(h.q{i}, 0) + coalesce(EXCLUDED.q{i}, 0) END, n{i} = h.n{i} + EXCLUDED.n{i}" for i in range(1, 5))},
                    kwh = coalesce(h.kwh, 0) + coalesce(EXCLUDED.kwh, 0), readings = h.readings + EXCLUDED.readings,
                    whole = h.whole | EXCLUDED.whole, version = h.version + 1, revised_at = now(),
                    quality = CASE WHEN h.quality = {Quality.MEASURED:d} THEN {Quality.LATE:d}
                                   WHEN h.quality = {Quality.MISSING:d} THEN {Quality.PARTIAL:d} ELSE h.quality END
                """,
                [
                    device_id,
                    int(hours.start[row]),
                    *quarters,
                    sum(q for q in quarters if q is not None) if any(q is not None for q in quarters) else None,
                    expected_readings(meter.interval_us),
                    *counts,
                    sum(counts),
                    int(hours.whole[row]),
                    int(hours.quality[row]),
                ],
            )
    if not len(hours.start):
        return []
    return _noted([ChangedHours(device_id, int(hours.start[0]), int(hours.start[-1]))])


def _noted(changed: list[ChangedHours]) -> list[ChangedHours]:
    """The same, counted in `old_changes` of the devices whose hours long ago are among them."""
    old_us = (time.time() - OLD_DAYS * 86_400) * 1_000_000
    if old := [one.device_id for one in changed if one.first_us < old_us]:
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE readings_lastreading SET old_changes = old_changes + 1 WHERE device_id = ANY(%s::uuid[])",
                [array(old)],
            )
    return changed
