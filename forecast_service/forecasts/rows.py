"""Many rows at once into PostgreSQL, each column as one array: through the ORM they cost more than the forecasts in them."""

import json
from collections.abc import Iterable, Sequence

from django.db import connection

from forecast_service.forecasts.models import Forecast, Plan

SCALARS = {
    "scope": "text", "kind": "text", "model": "text", "reason": "text", "fallback": "text", "basis": "text", "zone": "text",
    "history_until": "timestamptz", "issued_at": "timestamptz",
}  # fmt: skip
ENERGIES = ("kwh", "lower_80", "upper_80", "lower_95", "upper_95")
DOCUMENTS = ("accuracy", "left_out")
COLUMNS = (*SCALARS, *ENERGIES, *DOCUMENTS)
# unnest would flatten arrays of arrays, so those travel as their text.
INSERT = f"""
INSERT INTO forecasts_forecast ({", ".join(COLUMNS)}, is_current)
SELECT {", ".join(SCALARS)}, {", ".join(f"{name}::float8[]" for name in ENERGIES)},
       {", ".join(f"{name}::jsonb" for name in DOCUMENTS)}, true
FROM unnest({", ".join(f"%s::{type_}[]" for type_ in SCALARS.values())},
            {", ".join("%s::text[]" for _ in (*ENERGIES, *DOCUMENTS))}) AS news ({", ".join(COLUMNS)})
RETURNING scope, kind, id
"""
DONE = """
UPDATE forecasts_plan AS plan SET done_until = done.until, last_error = done.error
FROM unnest(%s::bigint[], %s::timestamptz[], %s::text[]) AS done (id, until, error) WHERE plan.id = done.id
"""


def insert_forecasts(rows: Sequence[Forecast]) -> None:
    """As the current forecasts of their scopes; each row gets its id."""
    if not rows:
        return
    columns = [
        *([getattr(row, name) for row in rows] for name in SCALARS),
        *([f"{{{str(getattr(row, name))[1:-1]}}}" for row in rows] for name in ENERGIES),
        *([json.dumps(getattr(row, name)) for row in rows] for name in DOCUMENTS),
    ]
    with connection.cursor() as cursor:
        cursor.execute(INSERT, columns)
        ids = {(scope, kind): pk for scope, kind, pk in cursor.fetchall()}
    for row in rows:
        row.pk = ids[row.scope, row.kind]


def note_done(plans: Iterable[Plan]) -> None:
    """How far they have been forecast, and why not."""
    done = [(plan.pk, plan.done_until, plan.last_error) for plan in plans]
    with connection.cursor() as cursor:
        cursor.execute(DONE, [list(column) for column in zip(*done, strict=True)] or [[], [], []])
