from datetime import UTC, datetime
from typing import Any, cast

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from monitoring_service.devices.selection import choose, common_zone
from monitoring_service.export.files import XLSX_ROWS_AT_MOST, csv_pieces, xlsx_file
from monitoring_service.export.tables import Table, energy_table, readings_table
from monitoring_service.hours.asking import asked_range
from monitoring_service.hours.energy import SECOND
from monitoring_service.hours.serializers import RangeQuestion, instant_us
from monitoring_service.readings.queries import readings_of
from service_kit.auth import Caller
from service_kit.schema import problems

# A century of hours, many times over: the file is sent while it is made, so only its reader limits it.
ENTRIES_AT_MOST = 1_000_000
_TYPES = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


class ExportQuestion(RangeQuestion):
    format = serializers.ChoiceField(["csv", "xlsx"], default="csv")
    content = serializers.ChoiceField(
        ["energy", "measurements"],
        default="energy",
        help_text="`energy`: entries as of hourly/range. `measurements`: the raw readings of one device.",
    )


class NothingToExport(NotFound):
    """An empty file would not say why it is empty."""


class _ErrorsAsJson(DefaultContentNegotiation):
    """`format` names the file here; DRF would look for a renderer of that name, and an Accept of text/csv is as welcome."""

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Export(APIView):
    content_negotiation_class = _ErrorsAsJson

    @extend_schema(
        operation_id="exportEnergy",
        tags=["export"],
        parameters=[ExportQuestion],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, _TYPES["xlsx"]): OpenApiTypes.BINARY,
            **problems(400, 401, 404),
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        """A file of energy or raw readings: local time with its offset, UTC, units in the header, and the quality of each row.

        Where there is nothing, 404 says so: never an empty file.
        """
        asked = ExportQuestion.asked(request)
        table = self._energy(request, asked) if asked["content"] == "energy" else self._measurements(request, asked)
        name = f"{table.name}_{asked['start']:%Y-%m-%d}_{asked['end']:%Y-%m-%d}.{asked['format']}"
        if asked["format"] == "xlsx":
            return FileResponse(xlsx_file(table), as_attachment=True, filename=name, content_type=_TYPES["xlsx"])
        return StreamingHttpResponse(
            csv_pieces(table),
            content_type=_TYPES["csv"],
            headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
        )

    def _energy(self, request: Request, asked: dict[str, Any]) -> Table:
        found = asked_range(request, most=ENTRIES_AT_MOST)
        if asked["format"] == "xlsx" and (len(found.question.borders) - 1) * len(found.kinds) > XLSX_ROWS_AT_MOST:
            raise ParseError("A sheet of XLSX ends after 1,048,576 rows: ask for CSV, or a coarser resolution.")
        if all(total is None for total in found.question.totals()):
            raise NothingToExport("Nothing is known of this energy in this time: look for another time or device.")
        return energy_table(found)

    def _measurements(self, request: Request, asked: dict[str, Any]) -> Table:
        caller = cast(Caller, request.user)
        if len(asked.get("device_id", ())) != 1:
            raise ValidationError({"device_id": ["Give one device: raw readings are exported device by device."]})
        (device,) = choose(caller, device_ids=asked["device_id"])
        zone = asked.get("timezone") or common_zone([device])
        begin, end = (datetime.fromtimestamp(instant_us(asked[name], zone) // SECOND, UTC) for name in ("start", "end"))
        readings = readings_of(caller=caller, device_id=device.id, start=begin, end=end)
        if not readings.exists():
            raise NothingToExport(f"{device.name} has sent no reading in this time that you may see.")
        if asked["format"] == "xlsx" and readings.count() > XLSX_ROWS_AT_MOST:
            raise ParseError("A sheet of XLSX ends after 1,048,576 rows: ask for CSV, or a shorter time.")
        return readings_table(readings, device, zone)
