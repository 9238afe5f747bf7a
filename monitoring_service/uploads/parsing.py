"""From a file's cells to instants and numbers: pure functions, one row at a time.

A wall-clock time that the autumn gives twice is the first one until the file's own order goes back in time (for each device),
and the second from there on; one that the spring leaves out is refused.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import IO, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from monitoring_service.readings.checks import MAX_REVISION, Refused, checked_instant, checked_number, to_us

Unit = Literal["kWh", "Wh", "W", "kW"]
DELIMITERS = ";,\t|"
_MAX_UNPACKED = 2 << 30
_GERMAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})[ T]+(\d{1,2}):(\d{2})(?::(\d{2}))?")


class BadFile(ValueError):
    """The file cannot be read on: says where and why."""


class Options(msgspec.Struct, kw_only=True):
    """How a file is to be read. `columns` maps timestamp, device_id, device, value and revision to its headings."""

    timezone: str
    timestamps: Literal["start", "end"] = "end"
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    device_id: str | None = None
    unit: Unit | None = None
    decimal: Literal[".", ","] = "."
    encoding: Literal["utf-8", "windows-1252"] = "utf-8"
    timestamp_format: str | None = None


@dataclass(frozen=True)
class Places:
    """Where in a row its parts stand."""

    timestamp: int
    value: int
    device_id: int | None
    device: int | None
    revision: int | None


def cells(file: IO[bytes], options: Options) -> Iterator[Sequence[Any]]:
    """The rows of a CSV or XLSX file, the header first. Raises BadFile."""
    return _xlsx(file) if _is_workbook(file) else _csv(file, options)


def check(file: IO[bytes], options: Options) -> None:
    """A first look, which costs no time: a CSV's columns; of a workbook, whose sheet may take long to open, only that it is one.

    Raises BadFile.
    """
    if _is_workbook(file):
        _check_archive(file)
    else:
        places(next(_csv(file, options), []), options)


def _is_workbook(file: IO[bytes]) -> bool:
    begins = file.read(4)
    file.seek(0)
    return begins == b"PK\x03\x04"


def _check_archive(file: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(file) as parts:
            if sum(part.file_size for part in parts.infolist()) > _MAX_UNPACKED:
                raise BadFile(f"unpacked it would be larger than {_MAX_UNPACKED >> 20:,} MiB. Send it as CSV.")
            parts.getinfo("xl/workbook.xml")
    except (zipfile.BadZipFile, KeyError) as error:
        raise BadFile(f"not a workbook that can be read ({error}). Save it as .xlsx or .csv.") from None
    file.seek(0)


def _csv(file: IO[bytes], options: Options) -> Iterator[Sequence[Any]]:
    text = io.TextIOWrapper(file, "utf-8-sig" if options.encoding == "utf-8" else options.encoding, newline="")
    number = 0
    try:
        header = text.readline()
        delimiter = max(DELIMITERS, key=header.count)
        number = 1
        yield next(csv.reader([header], delimiter=delimiter), [])
        for row in csv.reader(text, delimiter=delimiter):
            number += 1
            if row:
                yield row
    except UnicodeDecodeError as error:
        raise BadFile(f"after row {number}: not {options.encoding} ({error.reason}). Save it as UTF-8.") from None
    except csv.Error as error:
        raise BadFile(f"after row {number}: {error}. Is a quotation mark open?") from None


def _xlsx(file: IO[bytes]) -> Iterator[Sequence[Any]]:
    _check_archive(file)
    try:
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheet = book.worksheets[0]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError) as error:
        raise BadFile(f"not a workbook that can be read ({error}). Save it as .xlsx or .csv.") from None
    for row in sheet.iter_rows(values_only=True):
        if any(cell is not None for cell in row):
            yield row


def places(header: Sequence[Any], options: Options) -> Places:
    """Where the columns are. Raises BadFile naming what is missing and what there is."""
    found = {str(name).strip().lower(): place for place, name in enumerate(header) if name is not None}

    def place(part: str) -> int | None:
        wanted = options.columns.get(part, part)
        if part in options.columns and wanted.strip().lower() not in found:
            raise BadFile(f"no column {wanted!r} for {part}; the file has: {', '.join(found) or 'none'}")
        return found.get(wanted.strip().lower())

    timestamp, value = place("timestamp"), place("value")
    named = Places(timestamp or 0, value or 0, place("device_id"), place("device"), place("revision"))
    for part, at in (("timestamp", timestamp), ("value", value)):
        if at is None:
            raise BadFile(f"no column {part!r}; the file has: {', '.join(found) or 'none'}. Name it with columns.")
    if named.device_id is None and named.device is None and options.device_id is None:
        raise BadFile("no column 'device_id' or 'device', and no device_id was given for the whole file")
    return named


@dataclass
class Clock:
    """Turns a file's timestamps into instants; keeps what the autumn's doubled hour needs to know."""

    options: Options
    _zone: ZoneInfo = field(init=False)
    _last: dict[str, tuple[datetime, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._zone = ZoneInfo(self.options.timezone)

    def instant_us(self, cell: Any, device: str, *, now_us: int) -> int:
        """Microseconds since 1970. Raises Refused."""
        moment = self._parsed(cell)
        at_us = to_us(moment if moment.tzinfo is not None else self._resolved(moment, device))
        checked_instant(at_us, str(cell), now_us)
        return at_us

    def _parsed(self, cell: Any) -> datetime:
        if isinstance(cell, datetime):
            return cell
        if isinstance(cell, date):
            return datetime.combine(cell, time())
        text = str(cell).strip() if cell is not None else ""
        try:
            if self.options.timestamp_format:
                return datetime.strptime(text, self.options.timestamp_format)  # noqa: DTZ007 - the zone is the file's
            if german := _GERMAN.fullmatch(text):
                day, month, year, hour, minute, second = (int(part or 0) for part in german.groups())
                return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the zone is the file's
            if len(text) >= 16:
                return datetime.fromisoformat(text)
        except ValueError:
            pass  # said below, with what would do
        form = self.options.timestamp_format or "2026-01-31 18:10, 31.01.2026 18:10 or RFC 3339"
        raise Refused(f'timestamp "{text[:40]}" is not of the form {form}; timestamp_format names another')

    def _resolved(self, local: datetime, device: str) -> datetime:
        first, second = (local.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
        back = first.astimezone(UTC).astimezone(self._zone).replace(tzinfo=None)
        if back != local:
            raise Refused(
                f"{local:%Y-%m-%d %H:%M} does not exist in {self.options.timezone}: the clock was put forward"
            )
        fold = 0
        if first.utcoffset() != second.utcoffset():
            before, fold = self._last.get(device, (datetime.min, 0))  # noqa: DTZ901 - compared with local times only
            if local <= before and before - local < timedelta(hours=3):
                fold = 1
            self._last[device] = (local, fold)
        return second if fold else first


def number(cell: Any, decimal: str) -> float:
    """A cell's number. Raises Refused."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return checked_number(cell, "value")
    text = str(cell if cell is not None else "").strip().replace("\u00a0", "").replace(" ", "")
    if decimal == ",":
        text = text.replace(".", "").replace(",", ".")
    elif "," in text:
        raise Refused(f'value "{text[:40]}" has a comma: with decimal commas send decimal=,')
    try:
        return checked_number(float(text), "value")
    except ValueError as error:
        if isinstance(error, Refused):
            raise
        raise Refused(f'value "{text[:40]}" is not a number') from None


def revision(cell: Any) -> int:
    """A cell's revision, 0 where it is empty. Raises Refused."""
    if cell is None or str(cell).strip() == "":
        return 0
    try:
        found = int(str(cell))
    except ValueError:
        found = -1
    if not 0 <= found <= MAX_REVISION:
        raise Refused(f'revision "{str(cell)[:40]}" is not a whole number from 0 to {MAX_REVISION}')
    return found


def in_own_unit(value: float, unit: Unit | None, reading: str, interval_seconds: int) -> float:
    """The value as the device's `reading` means it: kWh, or W for power_w. Mean power of an interval is its energy. Raises Refused."""
    if unit is None:
        return value
    if unit in ("kWh", "Wh"):
        if reading == "power_w":
            raise Refused(f"{unit} for a power_w device: send W or kW")
        return value if unit == "kWh" else value / 1000
    watts = value * 1000 if unit == "kW" else value
    if reading == "power_w":
        return watts
    if reading == "register_kwh":
        raise Refused(f"{unit} for a register_kwh device: send kWh or Wh")
    return watts / 1000 * interval_seconds / 3600
