"""Readings that cannot be counted by themselves any more are put where an operator decides."""

from django.db import connection

from monitoring_service.hours.energy import Ints
from monitoring_service.hours.rows import array, floats
from monitoring_service.readings.decoding import Readings


def hold_for_review(readings: Readings, rows: Ints) -> tuple[int, int]:
    """Readings of hours whose other readings were dropped go to the operator's list, unless they are there or stored already:
    how many, and how many were no news."""
    last = {(readings.device[row], readings.at_us[row]): row for row in rows.tolist()}
    if not last:
        return 0, 0
    ordered = sorted(last.values(), key=lambda row: (readings.devices[readings.device[row]], readings.at_us[row]))
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO readings_doubtfulreading AS d (id, device_id, at, value, reason)
            SELECT gen_random_uuid(), i.device_id, i.at, i.value, 'dropped_month'
            FROM (SELECT u.device_id, 'epoch'::timestamptz + u.at * interval '1 microsecond' AS at, u.value
                  FROM unnest(%s::uuid[], %s::bigint[], %s::float8[]) AS u (device_id, at, value)) i
            WHERE NOT EXISTS (SELECT FROM readings_reading r
                              WHERE r.device_id = i.device_id AND r.at = i.at AND r.value = i.value)
            ON CONFLICT (device_id, at) DO UPDATE SET value = EXCLUDED.value
                WHERE d.decision IS NULL AND d.value <> EXCLUDED.value
            """,
            [
                array(readings.devices[readings.device[row]] for row in ordered),
                array(readings.at_us[row] for row in ordered),
                floats(readings.value[row] for row in ordered),
            ],
        )
        held: int = cursor.rowcount
    return held, len(rows) - held
