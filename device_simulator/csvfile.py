"""A CSV file of real measurements (timestamp + one column per device) -> readings."""

import csv
import gzip
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

from device_simulator.errors import SimulatorError
from device_simulator.meters import Reading


@dataclass(frozen=True, slots=True)
class CsvFile:
    """How to read one file.

    `devices`: column -> device id. `stamps_end`: the timestamp is the end of the row's interval, not its start.
    `timezone`: of timestamps without offset. `interval_seconds`: split each row's energy evenly into readings of
    this length (None: one reading a row). `rows`: only the first so many.
    """

    path: Path
    devices: Mapping[str, str]
    stamps_end: bool = False
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    interval_seconds: int | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True)
class CsvSummary:
    """`row_seconds`: length of a row's interval. `end`: where the last one ends (seconds since 1970)."""

    rows: int
    readings: int
    row_seconds: int
    end: int
    ignored: tuple[str, ...]


def survey(file: CsvFile) -> CsvSummary:
    """Read the file once, checking every row, so that nothing is sent from a file that is broken further down."""
    instants: list[int] = []
    values = 0
    ignored: tuple[str, ...] = ()
    with _open(file.path) as stream:
        reader = csv.reader(stream)
        columns, ignored = _columns(file, next(reader, []))
        for instant, row_values in _rows(file, reader, columns):
            instants.append(instant)
            values += len(row_values)
    if len(instants) < 2:
        raise SimulatorError(f"{file.path}: {len(instants)} rows; at least two are needed to know how long a row is")
    row_seconds = min(later - earlier for earlier, later in pairwise(instants))
    parts = _parts(file, row_seconds)
    end = instants[-1] + (0 if file.stamps_end else row_seconds)
    return CsvSummary(len(instants), values * parts, row_seconds, end, ignored)


def readings(file: CsvFile, summary: CsvSummary, shift_seconds: int = 0) -> Iterator[Reading]:
    """The file's readings in order of time, moved by `shift_seconds`; an empty cell is a gap and yields none."""
    parts = _parts(file, summary.row_seconds)
    part_seconds = summary.row_seconds // parts
    with _open(file.path) as stream:
        reader = csv.reader(stream)
        columns, _ = _columns(file, next(reader, []))
        for instant, row_values in _rows(file, reader, columns):
            start = instant - (summary.row_seconds if file.stamps_end else 0) + shift_seconds
            for part in range(1, parts + 1):
                for device, value in row_values:
                    yield Reading(device, start + part * part_seconds, value / parts)


def _open(path: Path) -> IO[str]:
    try:
        with path.open("rb") as stream:
            zipped = stream.read(2) == b"\x1f\x8b"
        return gzip.open(path, "rt", encoding="utf-8-sig") if zipped else path.open(encoding="utf-8-sig")
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be read ({error.strerror})") from None


def _columns(file: CsvFile, header: list[str]) -> tuple[list[tuple[int, str]], tuple[str, ...]]:
    """Column numbers with their device ids, and the names of the columns that no device was given for."""
    names = [name.strip() for name in header[1:]]
    for name in file.devices:
        if name not in names:
            raise SimulatorError(f"--device {name}=...: {file.path} has no such column; it has {', '.join(names)}")
    columns = [(index, file.devices[name]) for index, name in enumerate(names, start=1) if name in file.devices]
    if not columns:
        raise SimulatorError(
            f"{file.path}: no column has a device; name one with --device COLUMN=DEVICE_ID (columns: {', '.join(names)})"
        )
    return columns, tuple(name for name in names if name not in file.devices)


def _rows(
    file: CsvFile, reader: Iterator[list[str]], columns: list[tuple[int, str]]
) -> Iterator[tuple[int, list[tuple[str, float]]]]:
    previous: int | None = None
    count = 0
    for number, row in enumerate(reader, start=2):
        if not any(row):
            continue
        if file.rows is not None and count == file.rows:
            return
        where = f"{file.path}, line {number}"
        instant = _instant(row[0].strip(), file.timezone, previous, where)
        if previous is not None and instant <= previous:
            raise SimulatorError(f"{where}: {row[0]} is not after the line before it; sort the file by time")
        yield (
            instant,
            [(device, value) for index, device in columns if (value := _value(row, index, where)) is not None],
        )
        previous = instant
        count += 1


def _instant(text: str, zone: ZoneInfo, previous: int | None, where: str) -> int:
    try:
        stamp = datetime.fromisoformat(text)
    except ValueError:
        raise SimulatorError(
            f"{where}: {text!r} is not a time; write 2026-01-31 18:00:00 or 2026-01-31T18:00Z"
        ) from None
    if stamp.tzinfo is not None:
        return int(stamp.timestamp())
    local = stamp.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != stamp:
        raise SimulatorError(
            f"{where}: {text} does not exist in {zone.key} (the clock jumps over it); a file that keeps standard time "
            "all year needs a fixed zone, such as --time-zone Etc/GMT-1 for UTC+1"
        )
    instant = int(local.timestamp())
    if previous is not None and instant <= previous:
        # The hour that the clock repeats in autumn: the second time it is the later instant.
        instant = int(local.replace(fold=1).timestamp())
    return instant


def _value(row: list[str], index: int, where: str) -> float | None:
    text = row[index].strip() if index < len(row) else ""
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise SimulatorError(
            f"{where}, column {index + 1}: {text!r} is not a finite number; leave the cell empty for a gap"
        )
    return value


def _parts(file: CsvFile, row_seconds: int) -> int:
    wanted = file.interval_seconds or row_seconds
    if row_seconds % wanted:
        raise SimulatorError(
            f"--interval-seconds {wanted}: does not divide the {row_seconds} s of a row of {file.path}; "
            "give a divisor or leave it out"
        )
    return row_seconds // wanted


def shift_to(moment: str, summary: CsvSummary, now: datetime) -> int:
    """Seconds to move a file by, so that it ends at `moment`: an RFC 3339 instant, or `now` for the last full hour."""
    if moment == "now":
        target = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    else:
        try:
            target = datetime.fromisoformat(moment)
        except ValueError:
            raise SimulatorError(f"--shift-to {moment}: give now, or an instant such as 2026-01-31T18:00:00Z") from None
        if target.tzinfo is None:
            raise SimulatorError(f"--shift-to {moment}: has no offset; write {moment}Z for UTC")
    return round((target - datetime.fromtimestamp(summary.end, UTC)) / timedelta(seconds=1))
