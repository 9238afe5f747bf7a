"""Many values at once to and from PostgreSQL: columns by binary COPY, and arrays as text for what a statement joins with."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any, Literal

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from monitoring_service.hours.energy import SECOND

Type = Literal["int2", "int4", "int8", "float8", "timestamptz", "uuid"]
_DTYPES: dict[Type, str] = {
    "uuid": "V16",
    "int2": ">i2",
    "int4": ">i4",
    "int8": ">i8",
    "float8": ">f8",
    "timestamptz": ">i8",
}
_EPOCH_2000_US = 946_684_800 * SECOND  # where PostgreSQL counts from
_HEADER, _TRAILER = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"


def fetch_columns(query: str, parameters: Sequence[object], types: Sequence[Type]) -> list[NDArray[Any]]:
    """The columns of a SELECT that yields exactly `types`, none of them null: int64 or float64 each.

    Instants become microseconds since 1970.
    """
    buffer = BytesIO()
    with connection.cursor() as cursor:
        statement = cursor.mogrify(f"COPY ({query}) TO STDOUT (FORMAT binary)", parameters)
        cursor.copy_expert(statement.decode() if isinstance(statement, bytes) else statement, buffer)
    raw, row = buffer.getvalue(), _row(tuple(types))
    rows = np.frombuffer(raw, row, offset=len(_HEADER), count=(len(raw) - len(_HEADER) - len(_TRAILER)) // row.itemsize)
    return [_column(rows[f"c{i}"], kind) for i, kind in enumerate(types)]


def copy_columns(table: str, columns: Mapping[str, tuple[Type, NDArray[Any]]]) -> None:
    """Append rows to a table, none of their values null. Instants are microseconds since 1970, UUIDs 16 bytes each."""
    kinds = tuple(kind for kind, _ in columns.values())
    layout = _row(kinds)
    rows = np.empty(len(next(iter(columns.values()))[1]), layout)
    rows["n"] = len(kinds)
    for i, (kind, values) in enumerate(columns.values()):
        rows[f"length{i}"] = layout[f"c{i}"].itemsize
        rows[f"c{i}"] = values - _EPOCH_2000_US if kind == "timestamptz" else values
    with connection.cursor() as cursor:
        cursor.copy_expert(
            f"COPY {table} ({', '.join(columns)}) FROM STDIN (FORMAT binary)",
            BytesIO(_HEADER + rows.tobytes() + _TRAILER),
        )


@cache
def _row(types: tuple[Type, ...]) -> np.dtype[Any]:
    fields = [("n", ">i2")]
    for i, kind in enumerate(types):
        fields += [(f"length{i}", ">i4"), (f"c{i}", _DTYPES[kind])]
    return np.dtype(fields)


def _column(column: NDArray[Any], kind: Type) -> NDArray[Any]:
    if kind == "float8":
        return column.astype(np.float64)
    if kind == "timestamptz":
        return column.astype(np.int64) + _EPOCH_2000_US
    return column.astype(np.int64)


def array(items: Iterable[object]) -> str:
    """PostgreSQL's text form of an array, which costs a fraction of adapting a list item by item."""
    return "{" + ",".join(map(str, items)) + "}"


def floats(items: Iterable[float]) -> str:
    """The same for numbers that may be NaN, which become NULL."""
    return "{" + repr(list(items))[1:-1].replace("nan", "NULL") + "}"  # one repr costs a third of one for each
