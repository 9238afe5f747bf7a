"""A table as a file that is sent while it is made (CSV), or made on disk and sent then (XLSX, which begins with its end)."""

import csv
from collections.abc import Iterator
from io import StringIO
from tempfile import TemporaryFile
from typing import IO, Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from monitoring_service.export.tables import Cell, Table

# Excel's sheets end here.
XLSX_ROWS_AT_MOST = 1_048_575
ROWS_A_PIECE = 500


def csv_pieces(table: Table) -> Iterator[bytes]:
    """The file in pieces of some kilobytes."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    writer.writerow(table.titles)
    for n, row in enumerate(table.rows, 1):
        writer.writerow(row)
        if n % ROWS_A_PIECE == 0:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: StringIO) -> bytes:
    piece = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return piece


def xlsx_file(table: Table) -> IO[bytes]:
    """The file, at its beginning; it is gone when it is closed."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(table.name[:31])
    sheet.freeze_panes = "A2"
    sheet.append(list(table.titles))
    for row in table.rows:
        sheet.append([text_as_it_is(sheet, cell) for cell in row])
    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    book.save(file)
    file.seek(0)
    return file


def text_as_it_is(sheet: Any, cell: Cell) -> Any:
    """The cell for a sheet, such that text stays text."""
    if not isinstance(cell, str):
        return cell
    written = WriteOnlyCell(sheet, value=cell)
    written.data_type = "s"  # openpyxl takes text that begins with = for a formula
    return written
