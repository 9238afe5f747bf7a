"""The files that a report is made into."""

import csv
from io import BytesIO, StringIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from monitoring_service.export.files import text_as_it_is
from monitoring_service.reports.content import Content
from monitoring_service.reports.models import Format
from monitoring_service.reports.sections import sections

TYPES = {
    Format.PDF: "application/pdf",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.CSV: "text/csv; charset=utf-8",
}


def file_of(content: Content, format_: Format) -> bytes:
    if format_ == Format.PDF:
        # Drawing is the jobs' affair: a web process need not carry its modules.
        from monitoring_service.reports.pdf import pdf_of

        return pdf_of(content)
    return _xlsx(content) if format_ == Format.XLSX else _csv(content)


def _csv(content: Content) -> bytes:
    """One section after the other, an empty line between them."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    for n, section in enumerate(sections(content)):
        if n:
            writer.writerow(())
        writer.writerow((section.title,))
        writer.writerows((sentence,) for sentence in section.sentences)
        if section.columns:
            writer.writerow([column.title for column in section.columns])
        writer.writerows(section.rows)
    return buffer.getvalue().encode()


def _xlsx(content: Content) -> bytes:
    """A sheet for each section."""
    book = Workbook(write_only=True)
    for section in sections(content):
        sheet = book.create_sheet(section.title)
        sheet.column_dimensions["A"].width = 34
        for letter in "BCDEFGHIJ":
            sheet.column_dimensions[letter].width = 20
        for sentence in section.sentences:
            sheet.append([sentence])
        titles = [WriteOnlyCell(sheet, value=column.title) for column in section.columns]
        for title in titles:
            title.font = Font(bold=True)
        sheet.append(titles)
        for row in section.rows:
            sheet.append([text_as_it_is(sheet, cell) for cell in row])
    file = BytesIO()
    book.save(file)
    return file.getvalue()
