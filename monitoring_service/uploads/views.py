"""`/api/monitoring/uploads`: files of readings (admin)."""

import csv
from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import msgspec
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.generics import ListAPIView
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from monitoring_service.uploads import services, storage
from monitoring_service.uploads.models import RejectedRow, Upload
from monitoring_service.uploads.parsing import Options
from monitoring_service.uploads.serializers import UploadDetailSerializer, UploadQuestion, UploadSerializer
from service_kit.auth import Caller, IsAdmin

REJECTED_INLINE = 1_000
# What a multipart body has beside the file.
_FORM_BYTES = 64 << 10


class Uploads(ListAPIView[Upload]):
    permission_classes = (IsAdmin,)
    parser_classes = (MultiPartParser,)
    serializer_class = UploadSerializer
    queryset = Upload.objects.all()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before a byte of it is read.
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > storage.MAX_FILE_BYTES + _FORM_BYTES:
            raise storage.FileTooLarge
        super().initial(request, *args, **kwargs)

    @extend_schema(operation_id="listUploads", tags=["readings"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Files of the last month, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="uploadReadings",
        tags=["readings"],
        request={"multipart/form-data": UploadQuestion},
        responses={202: UploadSerializer},
    )
    def post(self, request: Request) -> Response:
        """Send a file of readings; it is read in the background, and its address tells how far it is."""
        question = UploadQuestion(data=request.data)
        question.is_valid(raise_exception=True)
        file = question.validated_data["file"]
        upload = services.start_upload(
            file=file,
            file_name=file.name,
            options=msgspec.convert(question.options(), Options),
            dry_run=question.validated_data["dry_run"],
            by=cast(Caller, request.user).id,
        )
        return Response(UploadSerializer(upload).data, status=202)


class UploadDetail(APIView):
    permission_classes = (IsAdmin,)

    @extend_schema(operation_id="getUpload", tags=["readings"], responses=UploadDetailSerializer)
    def get(self, request: Request, upload_id: UUID) -> Response:
        """How far the file is read, with what was rejected and why."""
        upload: Any = get_object_or_404(Upload, pk=upload_id)
        upload.rejected = RejectedRow.objects.filter(upload=upload).order_by("row")[:REJECTED_INLINE]
        upload.rejected_url = f"/api/monitoring/uploads/{upload_id}/rejected"
        return Response(UploadDetailSerializer(upload).data)


class _Line:
    """What csv.writer writes to: it gives each line back."""

    def write(self, line: str) -> str:
        return line


class RejectedRows(APIView):
    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="downloadRejectedRows", tags=["readings"], responses={(200, "text/csv"): OpenApiTypes.STR}
    )
    def get(self, request: Request, upload_id: UUID) -> StreamingHttpResponse:
        """Every row that was rejected, with its number and the reason, as CSV."""
        upload = get_object_or_404(Upload, pk=upload_id)
        rows = RejectedRow.objects.filter(upload=upload).order_by("row").values_list("row", "error")

        def lines() -> Iterator[str]:
            writer = csv.writer(_Line())
            yield writer.writerow(("row", "error"))
            for row in rows.iterator(chunk_size=2_000):
                yield writer.writerow(row)

        answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="rejected-{upload_id}.csv"'
        return answer
