from datetime import UTC, datetime
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, NotFound, ParseError, PermissionDenied, ValidationError
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.parsers import BaseParser
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from monitoring_service.devices.credentials import MaySend, MeterAuthentication, MeterCaller
from monitoring_service.devices.selection import choose
from monitoring_service.hours.calendar import midnight, zone_of
from monitoring_service.hours.energy import SECOND
from monitoring_service.hours.serializers import InstantField
from monitoring_service.readings.checks import to_us
from monitoring_service.readings.decoding import MAX_BODY_BYTES, Readings, decode
from monitoring_service.readings.models import Reading
from monitoring_service.readings.queries import readings_of
from monitoring_service.readings.services import store_readings
from service_kit.auth import Caller, IsPerson, TokenAuthentication
from service_kit.questions import Question


class ReadingsQuestion(Question):
    device_id = serializers.UUIDField()
    start = InstantField(required=False, help_text="Readings after this instant.")
    end = InstantField(required=False, help_text="Readings up to and at this instant.")


class ReadingSerializer(serializers.ModelSerializer[Reading]):
    timestamp = serializers.DateTimeField(source="at", read_only=True)
    state = serializers.CharField(source="get_state_display", read_only=True, help_text="Whether it counts.")

    class Meta:
        model = Reading
        fields = ("device_id", "timestamp", "value", "revision", "received_at", "state")
        read_only_fields = fields


class NewestFirst(CursorPagination):
    ordering = "-at"
    page_size = 200
    page_size_query_param = "page_size"
    max_page_size = 1_000

    def decode_cursor(self, request: Request) -> Any:
        """Raises ValidationError for a cursor that no page has given."""
        try:
            cursor: Any = super().decode_cursor(request)
            if cursor is None or cursor.position is None or datetime.fromisoformat(cursor.position).tzinfo is not None:
                return cursor
        except (NotFound, ValueError):
            pass
        given = request.query_params[self.cursor_query_param]
        reason = f'"{given[:80]}" is no cursor of this list: follow `next` and `previous`, or begin without one.'
        raise ValidationError({self.cursor_query_param: [reason]})


class MeasurementsSerializer(serializers.Serializer[Any]):
    """Any form of the meters' messages."""

    device_id = serializers.UUIDField()
    timestamp = serializers.DateTimeField(required=False)
    measurement_value = serializers.FloatField(required=False)
    power = serializers.FloatField(required=False)
    metrics = serializers.DictField(required=False)
    readings = serializers.ListField(child=serializers.ListField(), required=False)
    revision = serializers.IntegerField(required=False)


class RejectedSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    error = serializers.CharField()


class ReceiptSerializer(serializers.Serializer[Any]):
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    rejected = RejectedSerializer(many=True)


class BodyTooLarge(APIException):
    status_code = 413
    default_detail = f"A body may have {MAX_BODY_BYTES:,} bytes: send smaller lists."


class WholeBody(BaseParser):
    """The body as it came: the meters' own decoder takes it apart, so that one bad number costs one reading."""

    media_type = "application/json"

    def parse(  # type: ignore[override]
        self, stream: Any, media_type: str | None = None, parser_context: Any = None
    ) -> bytes:
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) > MAX_BODY_BYTES:
            raise BodyTooLarge
        return bytes(body)


class Measurements(ListAPIView[Reading]):
    serializer_class = ReadingSerializer
    pagination_class = NewestFirst
    parser_classes = (WholeBody,)

    def get_authenticators(self) -> list[BaseAuthentication]:
        # A meter may only send.
        sends = self.request is None or self.request.method == "POST"
        return [TokenAuthentication(), MeterAuthentication()] if sends else [TokenAuthentication()]

    def get_permissions(self) -> list[BasePermission]:
        return [MaySend() if self.request.method == "POST" else IsPerson()]

    @extend_schema(operation_id="listMeasurements", tags=["readings"], parameters=[ReadingsQuestion])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A device's raw readings with start < timestamp <= end, newest first."""
        return super().get(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Reading]:
        caller = cast(Caller, self.request.user)
        asked = ReadingsQuestion.asked(self.request)
        choose(caller, device_ids=[asked["device_id"]])
        return readings_of(
            caller=caller,
            device_id=asked["device_id"],
            start=_instant(asked.get("start")),
            end=_instant(asked.get("end")),
        )

    @extend_schema(
        operation_id="sendMeasurements",
        tags=["readings"],
        request=MeasurementsSerializer(many=True),
        responses={202: ReceiptSerializer},
    )
    def post(self, request: Request) -> Response:
        """Take in a list of readings in the meters' forms; what is refused is said by its place in the list.

        By an administrator's token, or by a meter's own credential (HTTP Basic, the device's id and its secret) for itself.
        """
        readings = Readings()
        body = cast(bytes, request.data or b"")  # without a body there is nothing to parse
        if not body.lstrip().startswith(b"["):
            raise ParseError("Send a list of readings.")
        decode(body, readings, now_us=to_us(datetime.now(UTC)))
        if (broken := next((r for r in readings.refusals if r.index is None), None)) is not None:
            raise ParseError(broken.reason)
        if isinstance(request.user, MeterCaller):
            _refuse_others(request.user, readings)
        stored = store_readings(readings=readings)
        rejected = sorted((refusal.index or 0, refusal.reason) for refusal in stored.refusals)
        receipt = {
            "accepted": stored.accepted,
            "duplicates": stored.duplicates,
            "rejected": [{"index": index, "error": reason} for index, reason in rejected],
        }
        return Response(receipt, status=202)


def _refuse_others(meter: MeterCaller, readings: Readings) -> None:
    """A meter speaks for itself. Raises PermissionDenied naming the first other device."""
    for device_id in readings.devices:
        if device_id != str(meter.id):
            raise PermissionDenied(f"This is the credential of device {meter.id}; it may not send for {device_id}.")


def _instant(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    return datetime.fromtimestamp(midnight(value, zone_of("UTC")) // SECOND, UTC)
