"""What an export holds, row by row: never more than some thousand of them in memory, however long the time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import QuerySet

from monitoring_service.devices.models import Device
from monitoring_service.devices.selection import Chosen
from monitoring_service.hours.asking import AskedRange
from monitoring_service.hours.calendar import edges, local_texts
from monitoring_service.hours.energy import Floats, Ints, State
from monitoring_service.hours.queries import QUALITY_NAMES
from monitoring_service.readings.models import Reading

Cell = str | int | float | None
CHUNK = 2_000
_UNITS = {"interval_kwh": "kWh", "power_w": "W", "register_kwh": "kWh"}
_STATES = {state.value: state.name.lower() for state in State}
# A cell that begins with one of these is a formula to a spreadsheet, and a device's name is whatever somebody typed.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Table:
    """Column titles, each with its unit or zone, and the rows under them; what a file of it should be called."""

    name: str
    titles: Sequence[str]
    rows: Iterator[Sequence[Cell]]


def text_cell(text: str) -> str:
    """The text, such that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def energy_table(asked: AskedRange) -> Table:
    """A row for every entry and kind, missing entries too; a month of hours is asked for at a time."""
    question = asked.question
    zone = question.zone
    labels = [
        text_cell(devices[0].name) if len(devices) == 1 else f"{kind}, {len(devices)} devices"
        for kind, devices in zip(asked.kinds, question.groups, strict=True)
    ]
    # Borders of months are borders of hours and days too; what is coarser comes at once.
    coarse = question.resolution in ("month", "year")
    parts = [question.start_us, question.end_us] if coarse else _months(question.start_us, question.end_us, zone)

    def rows() -> Iterator[Sequence[Cell]]:
        for begin, end in pairwise(parts):
            series = replace(question, start_us=begin, end_us=end).answer()
            local = local_texts(series[0].start, zone)
            for n, (here, utc) in enumerate(zip(local, _utc_texts(series[0].start), strict=True)):
                for kind, label, one in zip(asked.kinds, labels, series, strict=True):
                    yield (
                        here, utc, label, kind, _cell(one.kwh, n), QUALITY_NAMES[one.quality[n]],
                        int(one.readings[n]), _cell(one.expected, n),
                    )  # fmt: skip

    titles = (
        f"local start ({zone.key})",
        "start (UTC)",
        "device",
        "kind",
        "energy (kWh)",
        "quality",
        "readings",
        "expected",
    )
    return Table(f"energy-by-{question.resolution}", titles, rows())


def readings_table(readings: QuerySet[Reading], device: Chosen, zone: ZoneInfo) -> Table:
    """A row for every raw reading, oldest first."""
    unit = _UNITS[Device.objects.values_list("reading", flat=True).get(pk=device.id)]
    found = readings.order_by("at").values_list("at", "value", "state").iterator(chunk_size=CHUNK)

    def rows() -> Iterator[Sequence[Cell]]:
        while part := list(islice(found, CHUNK)):
            at = np.array([round(row[0].timestamp() * 1e6) for row in part], dtype=np.int64)
            for here, utc, (_, value, state) in zip(local_texts(at, zone), _utc_texts(at), part, strict=True):
                yield here, utc, text_cell(device.name), value, _STATES[state]

    titles = (f"local timestamp ({zone.key})", "timestamp (UTC)", "device", f"value ({unit})", "quality")
    return Table("measurements", titles, rows())


def _months(start_us: int, end_us: int, zone: ZoneInfo) -> list[int]:
    return [int(at) for at in edges(start_us, end_us, zone, "month")]


def _utc_texts(at_us: Ints) -> list[str]:
    return local_texts(at_us, ZoneInfo("UTC"))


def _cell(column: Floats, n: int) -> float | None:
    value = float(column[n])
    return None if value != value else value
