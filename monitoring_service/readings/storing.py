"""Readings as they are written: every statement that changes the tables of readings, metrics and last readings."""

from collections.abc import Iterable
from uuid import UUID

import numpy as np
from django.db import connection

from monitoring_service.hours.energy import Bools, Floats, Ints
from monitoring_service.hours.rows import array, copy_columns, floats
from monitoring_service.readings.decoding import Metric


def lock_and_note_last(devices: list[str], device: Ints, at: Ints, value: Floats) -> Ints:
    """Lock the devices, in the order of their ids, and note the newest reading: it never moves backwards.

    For each of `devices` the instant of the newest reading that was stored before (0: none, or not locked).
    """
    last = np.append(np.flatnonzero(np.diff(device)), len(device) - 1)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO readings_lastreading AS l (device_id, at, value, received_at)
            SELECT i.device_id, 'epoch'::timestamptz + i.at * interval '1 microsecond', i.value, now()
            FROM unnest(%s::uuid[], %s::bigint[], %s::float8[]) AS i (device_id, at, value) ORDER BY i.device_id
            ON CONFLICT (device_id) DO UPDATE SET
                at = greatest(l.at, EXCLUDED.at), previous_at = l.at, received_at = EXCLUDED.received_at,
                changes = l.changes + 1, value = CASE WHEN EXCLUDED.at >= l.at THEN EXCLUDED.value ELSE l.value END
            RETURNING device_id::text, coalesce((extract(epoch FROM previous_at) * 1000000)::bigint, 0)
            """,
            [
                array(devices[d] for d in device[last].tolist()),
                array(at[last].tolist()),
                floats(value[last].tolist()),
            ],
        )
        before = dict(cursor.fetchall())
    return np.array([before.get(each, 0) for each in devices], dtype=np.int64)


def lock_devices(device_ids: Iterable[UUID]) -> None:
    """Until the transaction ends nobody else stores readings of these devices or computes their hours."""
    with connection.cursor() as cursor:
        cursor.execute(
            """WITH ordered AS MATERIALIZED (
                   SELECT device_id FROM readings_lastreading WHERE device_id = ANY(%s::uuid[])
                   ORDER BY device_id FOR UPDATE)
               UPDATE readings_lastreading l SET changes = changes + 1 FROM ordered o WHERE l.device_id = o.device_id""",
            [array(device_ids)],
        )


def write(devices: list[str], device: Ints, at: Ints, value: Floats, revision: Ints, newest: Ints) -> int:
    """Insert new rows, correct those whose value changed; how many rows that was.

    Rows sorted by (device, instant), in order of arrival within. What is later than all that is stored of its device
    (`newest`, which its lock keeps true) cannot be there yet and is copied in, for half of what an insert costs that must look.
    """
    again = np.zeros(len(at), dtype=bool)
    again[1:] = (device[1:] == device[:-1]) & (at[1:] == at[:-1])
    later = ~again & (at > newest[device])
    new, rest = np.flatnonzero(later), np.flatnonzero(~later)
    if len(new):
        ids = np.frombuffer(bytes.fromhex("".join(devices).replace("-", "")), dtype="V16")
        copy_columns(
            "readings_reading",
            {
                "device_id": ("uuid", ids[device[new]]),
                "at": ("timestamptz", at[new]),
                "value": ("float8", value[new]),
                "revision": ("int4", revision[new]),
            },
        )
    return len(new) + sum(
        _insert_or_correct(devices, device[part], at[part], value[part], revision[part])
        for part in _rounds(rest, device, at, value, revision, again)
    )


def _rounds(rest: Ints, device: Ints, at: Ints, value: Floats, revision: Ints, again: Bools) -> list[Ints]:
    """Which of the rows `rest` to write in which statement: different values of one instant one after the other, as they arrived."""
    if not again[rest].any():
        return [rest] if len(rest) else []
    turn = np.zeros(len(at), dtype=np.int64)
    seen: dict[tuple[float, int], None] = {}
    for row in range(len(at)):
        if not again[row]:
            seen = {}
        key = (float(value[row]), int(revision[row]))
        turn[row] = -1 if key in seen else len(seen)
        seen[key] = None
    parts = (rest[turn[rest] == number] for number in range(int(turn.max()) + 1))
    return [part for part in parts if len(part)]


def _insert_or_correct(devices: list[str], device: Ints, at: Ints, value: Floats, revision: Ints) -> int:
    """Insert new rows, correct those whose value changed; how many rows that was."""
    incoming = """unnest(%s::int[], %s::bigint[], %s::float8[], %s::int[]) AS u (device, at, value, revision)"""
    columns = """(%s::uuid[])[u.device + 1] AS device_id, 'epoch'::timestamptz + u.at * interval '1 microsecond' AS at,
                 u.value, u.revision"""
    ids = array(devices)
    arrays = [ids, array(device.tolist()), array(at.tolist()), floats(value.tolist()), array(revision.tolist())]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""INSERT INTO readings_reading (device_id, at, value, revision)
                SELECT {columns} FROM {incoming} ON CONFLICT DO NOTHING""",
            arrays,
        )
        inserted: int = cursor.rowcount
        if inserted == len(at):
            return inserted
        cursor.execute(
            f"""
            WITH incoming AS MATERIALIZED (SELECT {columns} FROM {incoming}),
            changed AS MATERIALIZED (
                SELECT i.*, r.value AS old_value, r.revision AS old_revision, r.received_at
                FROM incoming i, LATERAL (SELECT * FROM readings_reading r WHERE r.device_id = i.device_id AND r.at = i.at
                                          OFFSET 0) r
                WHERE i.revision > r.revision
                   OR (i.revision = r.revision AND i.value <> r.value AND NOT EXISTS (
                          SELECT FROM readings_supersededvalue s
                          WHERE s.device_id = i.device_id AND s.at = i.at AND s.value = i.value AND s.revision = i.revision))
            ),
            doubted AS (
                DELETE FROM readings_doubtfulreading d USING changed c WHERE d.device_id = c.device_id AND d.at = c.at
            ),
            kept AS (
                INSERT INTO readings_supersededvalue (device_id, at, value, revision, received_at, replaced_at)
                SELECT device_id, at, old_value, old_revision, received_at, now() FROM changed
            )
            UPDATE readings_reading r SET value = c.value, revision = c.revision, received_at = now(), state = 0
            FROM changed c WHERE r.device_id = c.device_id AND r.at = c.at
            """,
            arrays,
        )
        return inserted + int(cursor.rowcount)


def write_metrics(metrics: list[Metric]) -> int:
    newest = {(m.device_id, m.name, m.at_us): m for m in metrics}
    ordered = [newest[key] for key in sorted(newest)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO readings_metricreading AS r (device_id, name, at, value, unit)
            SELECT i.device_id, i.name, 'epoch'::timestamptz + i.at * interval '1 microsecond', i.value, i.unit
            FROM unnest(%s::uuid[], %s::text[], %s::bigint[], %s::float8[], %s::text[]) AS i (device_id, name, at, value, unit)
            ON CONFLICT (device_id, name, at) DO UPDATE SET value = EXCLUDED.value, unit = EXCLUDED.unit
            WHERE (r.value, r.unit) IS DISTINCT FROM (EXCLUDED.value, EXCLUDED.unit)
            """,
            [
                array(m.device_id for m in ordered),
                [m.name for m in ordered],
                array(m.at_us for m in ordered),
                floats(m.value for m in ordered),
                [m.unit for m in ordered],
            ],
        )
        return int(cursor.rowcount)
