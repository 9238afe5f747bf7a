"""A report to print: the sections as tables, and the energy as bars."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.shapes import Drawing
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from monitoring_service.export.tables import Cell
from monitoring_service.reports.content import Content
from monitoring_service.reports.sections import KINDS, Column, Section, period_text, sections

_FONT, _BOLD = (
    "Vera",
    "VeraBd",
)  # they come with the library, and have the letters of Europe's languages, which Helvetica has not
for name in (_FONT, _BOLD):
    pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
_INK, _LINE, _SHADE = colors.HexColor("#1f2937"), colors.HexColor("#cbd5e1"), colors.HexColor("#f1f5f9")
_COLOURS = {"consumption": "#0072B2", "production": "#A87000", "grid_import": "#A8518A", "grid_export": "#007A59"}
_CELL = ParagraphStyle("cell", fontName=_FONT, fontSize=7.5, leading=9.5, textColor=_INK)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName=_BOLD)
_NUMBER = ParagraphStyle("number", parent=_CELL, alignment=2)
_NUMBER_HEAD = ParagraphStyle("number head", parent=_HEAD, alignment=2)
_H1 = ParagraphStyle("h1", fontName=_BOLD, fontSize=16, leading=20, textColor=_INK, spaceAfter=4 * mm)
_H2 = ParagraphStyle(
    "h2", fontName=_BOLD, fontSize=11, leading=14, textColor=_INK, spaceBefore=6 * mm, spaceAfter=2 * mm
)
_MARGIN = 16 * mm


def pdf_of(content: Content) -> bytes:
    file = BytesIO()
    title = f"Energy report: {content.name}, {period_text(content)}"
    page = landscape(A4)
    width = page[0] - 2 * _MARGIN
    document = SimpleDocTemplate(
        file, pagesize=page, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN,
        title=title, author="Energy management system", lang="en",
    )  # fmt: skip
    first, *others = sections(content)
    story: list[Flowable] = [Paragraph(escape(title), _H1), _table(first, width)]
    for section in others:
        story.append(Paragraph(escape(section.title), _H2))
        story += [Paragraph(escape(sentence), _CELL) for sentence in section.sentences]
        if section.title.startswith("By "):
            story.append(_chart(content, width))
        if section.rows:
            story += [Spacer(0, 1.5 * mm), _table(section, width)]
    document.build(story, onFirstPage=_foot, onLaterPages=_foot)
    return file.getvalue()


def _foot(canvas: Any, document: Any) -> None:
    canvas.setFont(_FONT, 7)
    canvas.setFillColor(_INK)
    canvas.drawRightString(document.pagesize[0] - _MARGIN, 9 * mm, f"Page {canvas.getPageNumber()}")


def _table(section: Section, width: float) -> LongTable:
    numeric = [any(isinstance(row[n], int | float) for row in section.rows) for n, _ in enumerate(section.columns)]
    head = [
        Paragraph(escape(column.title), _NUMBER_HEAD if right else _HEAD)
        for column, right in zip(section.columns, numeric, strict=True)
    ]
    body = [
        [
            Paragraph(escape(shown(cell, column)), _NUMBER if right else _CELL)
            for cell, column, right in zip(row, section.columns, numeric, strict=True)
        ]
        for row in section.rows
    ]
    # Texts get twice the room that numbers need.
    parts = [1 if right else 2 for right in numeric]
    table = LongTable([head, *body], colWidths=[width * part / sum(parts) for part in parts], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("LINEBELOW", (0, 0), (-1, -1), 0.25, _LINE),
                ("BACKGROUND", (0, 0), (-1, 0), _SHADE),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


def shown(cell: Cell, column: Column) -> str:
    """As people read it; a dash where nothing is known."""
    if cell is None:
        return "–"
    if isinstance(cell, float):
        return f"{cell:,.{column.decimals}f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _chart(content: Content, width: float) -> Drawing:
    drawing = Drawing(width, 62 * mm)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = (round(at) for at in (14 * mm, 10 * mm, width - 18 * mm, 44 * mm))
    # A gap stays one: None draws no bar, not a bar of nothing.
    chart.data = [[row.kwh[n] for row in content.rows] for n, _ in enumerate(content.kinds)]
    chart.categoryAxis.categoryNames = _labels(content)
    chart.categoryAxis.labels.fontName = chart.valueAxis.labels.fontName = _FONT
    chart.categoryAxis.labels.fontSize = chart.valueAxis.labels.fontSize = 6
    chart.valueAxis.valueMin = 0
    chart.valueAxis.labelTextFormat = "%g"
    chart.barSpacing, chart.groupSpacing = 0, 2
    chart.bars.strokeColor = None
    for n, total in enumerate(content.kinds):
        chart.bars[n].fillColor = colors.HexColor(_COLOURS[total.kind])
    legend = Legend()
    legend.x, legend.y, legend.boxAnchor, legend.alignment = round(14 * mm), round(60 * mm), "nw", "right"
    legend.fontName, legend.fontSize, legend.columnMaximum, legend.deltax = _FONT, 7, 1, 90
    legend.colorNamePairs = [
        (colors.HexColor(_COLOURS[total.kind]), f"{KINDS[total.kind]} (kWh)") for total in content.kinds
    ]
    drawing.add(chart)
    drawing.add(legend)
    return drawing


def _labels(content: Content) -> Sequence[str]:
    """The clock, the day of the month, or the month; every so many where all would not fit."""
    part = {"hour": slice(11, 16), "day": slice(5, 10), "month": slice(0, 7)}[content.resolution]
    every = -(-len(content.rows) // 31)
    return ["" if n % every else row.start[part] for n, row in enumerate(content.rows)]
