"""A report as sections: sentences and a table each, from which every kind of file is made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from monitoring_service.export.tables import Cell, text_cell
from monitoring_service.reports.content import Content

KINDS = {
    "consumption": "Consumption",
    "production": "Production",
    "grid_import": "Grid import",
    "grid_export": "Grid export",
}


@dataclass(frozen=True)
class Column:
    """`decimals`: how a number is rounded where people read it; files for machines have it as it is."""

    title: str
    decimals: int = 2


@dataclass(frozen=True)
class Section:
    title: str
    columns: Sequence[Column] = ()
    rows: Sequence[Sequence[Cell]] = ()
    sentences: Sequence[str] = field(default_factory=tuple)


def sections(content: Content) -> list[Section]:
    return list(_sections(content))


def period_text(content: Content) -> str:
    """ "2026-10-01 to 2026-10-31"; of a day the day."""
    first, last = content.period.first, content.period.end - timedelta(days=1)
    return f"{first}" if first == last else f"{first} to {last}"


def completeness_text(content: Content) -> str:
    """ "720 of 744 hours known, 4,310 of 4,464 readings"."""
    known, hours = (sum(getattr(total, name) for total in content.kinds) for name in ("hours_known", "hours"))
    said = f"{known:,} of {hours:,} hours known"
    expected = [total.expected for total in content.kinds if total.expected is not None]
    if len(expected) < len(content.kinds):
        return said
    return f"{said}, {sum(total.readings for total in content.kinds):,} of {sum(expected):,.0f} readings"


def _sections(content: Content) -> Iterator[Section]:
    zone = content.zone
    clock = f"%Y-%m-%d %H:%M (UTC%z, {zone.key})"
    facts: list[tuple[str, str]] = [
        ("Report of", text_cell(content.name)),
        ("Period", period_text(content) + (", so far" if content.is_running else "")),
        ("Data until", content.until.astimezone(zone).strftime(clock)),
        ("Time zone", zone.key),
        ("Made at", content.made_at.astimezone(zone).strftime(clock)),
        ("Completeness", f"{completeness_text(content)} ({100 * content.completeness:.1f} %)"),
    ]
    if content.revised_at:
        last = content.revised_at.astimezone(zone).strftime(clock)
        facts.append(
            ("Revised", f"{content.revised_hours:,} hours were corrected after they were closed, last at {last}")
        )
    yield Section("Energy report", (Column("what"), Column("value")), facts)
    yield Section(
        "Totals",
        (
            Column("kind"), Column("energy (kWh)"), Column("period before (kWh)"), Column("of it known (%)", 1), Column("change (%)", 1), Column("hours known"),
            Column("hours"), Column("readings"), Column("readings expected", 0),
        ),
        [
            (KINDS[t.kind], t.kwh, t.before, 100 * t.before_known, None if t.change is None else 100 * t.change, t.hours_known, t.hours, t.readings, t.expected)
            for t in content.kinds
        ],
        ["The period before is counted up to where this one has come to." if content.is_running else "Against the whole period before."],
    )  # fmt: skip
    figures = [
        (name, value, unit)
        for name, value, unit in (
            ("CO2 of the energy bought", content.co2_kg, "kg"),
            ("Self-consumption: share of the production used on the spot", _percent(content.self_consumption), "%"),
            ("Autarky: share of the consumption that was not bought", _percent(content.autarky), "%"),
        )
        if value is not None
    ]
    if figures:
        yield Section("Balance", (Column("what"), Column("value"), Column("unit")), figures)
    yield _cost(content)
    name = {"hour": "hour", "day": "day", "month": "month"}[content.resolution]
    yield Section(
        f"By {name}",
        (
            Column(f"{name} ({zone.key})"), *(Column(f"{KINDS[t.kind].lower()} (kWh)", 3) for t in content.kinds),
            Column("readings"), Column("readings expected", 0), Column("quality"),
        ),
        [(row.start, *row.kwh, row.readings, row.expected, row.quality) for row in content.rows],
    )  # fmt: skip
    yield Section(
        "Devices",
        (Column("device"), Column("kind"), Column("energy (kWh)")),
        [(text_cell(device.name), KINDS[device.kind], device.kwh) for device in content.devices],
        ["A sub-meter is listed here, and counted in the totals by the meter above it."],
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _cost(content: Content) -> Section:
    owed = content.bill
    if owed.gap:
        return Section("Cost", sentences=[f"No cost is told: {owed.gap}."])
    money = owed.currency or ""
    columns = (
        Column("plant"), Column("tariff"), Column("what"), Column("quantity"), Column("unit"), Column(f"price ({money})", 4),
        Column(f"amount ({money})"),
    )  # fmt: skip
    lines = [
        (
            text_cell(line.plant), text_cell(line.tariff), line.of, line.quantity,
            "days" if line.of == "standing charge" else "kWh", line.price, line.amount,
        )
        for line in owed.lines
    ]  # fmt: skip
    return Section("Cost", columns, [*lines, ("Total", "", "", None, "", None, owed.total)])
