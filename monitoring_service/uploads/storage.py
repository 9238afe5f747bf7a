"""An upload's file as a file: seekable, read chunk by chunk from the database."""

import io
import uuid
from typing import IO

from rest_framework.exceptions import APIException

from monitoring_service.uploads.models import Chunk, Upload

CHUNK_BYTES = 1 << 20
MAX_FILE_BYTES = 256 << 20
MAX_WAITING_BYTES = 1 << 30


class FileTooLarge(APIException):
    status_code = 413
    default_detail = f"A file may have {MAX_FILE_BYTES >> 20} MiB: split it, or send it in parts."


class NoSpace(APIException):
    status_code = 507
    default_detail = (
        "Too many files wait to be read. Try again when some are done; GET /api/monitoring/uploads shows them."
    )


def keep(file: IO[bytes], upload_id: uuid.UUID) -> int:
    """Store the file's bytes; how many. Raises FileTooLarge."""
    size = number = 0
    while body := file.read(CHUNK_BYTES):
        size += len(body)
        if size > MAX_FILE_BYTES:
            raise FileTooLarge
        Chunk.objects.create(upload_id=upload_id, number=number, body=body)
        number += 1
    return size


def opened(upload: Upload) -> io.BufferedReader:
    return io.BufferedReader(_Stored(upload.pk, upload.size), CHUNK_BYTES)


class _Stored(io.RawIOBase):
    """One chunk in memory at a time."""

    def __init__(self, upload_id: uuid.UUID, size: int) -> None:
        self._upload_id, self._size, self._at = upload_id, size, 0
        self._number, self._body = -1, b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: "memoryview | bytearray") -> int:  # type: ignore[override]
        if self._at >= self._size:
            return 0
        number, offset = divmod(self._at, CHUNK_BYTES)
        if number != self._number:
            body = Chunk.objects.values_list("body", flat=True).get(upload_id=self._upload_id, number=number)
            self._number, self._body = number, bytes(body)
        part = self._body[offset : offset + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
