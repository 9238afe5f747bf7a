"""Uploads: taken in by the web process, read by the job `process_uploads`, a batch of rows in each transaction.

A batch's readings and the note of how far the file is read are committed together: after a crash the file is read again from its
beginning, and what is behind the note is skipped.
"""

import itertools
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import IO, Any

import msgspec
import structlog
from django.db import connection, transaction
from django.db.models import F, Q, Sum
from django.utils import timezone
from rest_framework.exceptions import ValidationError

from monitoring_service.devices.models import Device
from monitoring_service.readings.checks import Refused, to_us
from monitoring_service.readings.decoding import Readings
from monitoring_service.readings.services import store_readings
from monitoring_service.uploads import parsing, storage
from monitoring_service.uploads.models import Chunk, RejectedRow, Upload
from monitoring_service.uploads.parsing import BadFile, Options

log = structlog.get_logger(__name__)
# As many as ingest takes: an hour is computed once a batch, however many of its readings are in it.
BATCH_ROWS = 10_000
LEASE = timedelta(minutes=5)  # longer than a large workbook takes to open
MAX_TRIES = 3
KEEP = timedelta(days=30)
_SPACE_LOCK = 0x55504C4F
_OPEN = (Upload.State.QUEUED, Upload.State.RUNNING)


@transaction.atomic
def start_upload(*, file: IO[bytes], file_name: str, options: Options, dry_run: bool, by: uuid.UUID) -> Upload:
    """Keep the file to be read. Raises ValidationError when its columns will not do, FileTooLarge or NoSpace."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SPACE_LOCK])
    waiting = Upload.objects.filter(state__in=_OPEN).aggregate(total=Sum("size"))["total"] or 0
    if waiting > storage.MAX_WAITING_BYTES:
        raise storage.NoSpace
    upload = Upload.objects.create(
        file_name=file_name[:200], size=0, options=msgspec.to_builtins(options), dry_run=dry_run, uploaded_by=by
    )
    upload.size = storage.keep(file, upload.pk)
    upload.save(update_fields=["size"])
    try:
        parsing.check(storage.opened(upload), options)
    except BadFile as error:
        raise ValidationError({"file": [str(error)]}) from None
    return upload


@dataclass
class _Reader:
    """A file being read: where it is, and what has been learnt of its devices."""

    upload: Upload
    options: Options
    rows: Iterator[tuple[int, Sequence[Any]]]
    file: IO[bytes]
    places: parsing.Places
    clock: parsing.Clock
    devices: dict[str, Device | None] = field(default_factory=dict)


@dataclass
class _Row:
    device: str
    at_us: int
    value: float
    revision: int


class ProcessUploads:
    """The job: each call reads one batch of one file."""

    def __init__(self) -> None:
        self._worker = uuid.uuid4()
        self._reader: _Reader | None = None

    def __call__(self) -> int:
        reader, self._reader = self._reader, None
        if reader is None:
            upload = self._claim()
            if upload is None:
                return 0
            try:
                reader = _opened(upload)
            except BadFile as error:
                _finish(upload, error=str(error))
                return 1
        try:
            unread = self._read_batch(reader)
        except BadFile as error:
            _finish(reader.upload, error=str(error))
            return 1
        # Kept only now: after any failure the next call claims the file anew and reads on from the last commit.
        self._reader = reader if unread else None
        return 1

    def _claim(self) -> Upload | None:
        now = timezone.now()
        free = Q(state=Upload.State.QUEUED) | Q(state=Upload.State.RUNNING, lease_until__lt=now)
        mine = Q(state=Upload.State.RUNNING, worker=self._worker)
        for candidate in Upload.objects.filter(free | mine).order_by("created_at")[:5]:
            # Whoever had it before and did not come back may have died of it.
            left = candidate.state == Upload.State.RUNNING and candidate.worker != self._worker
            taken = Upload.objects.filter(free | mine, pk=candidate.pk, tries=candidate.tries).update(
                state=Upload.State.RUNNING, worker=self._worker, lease_until=now + LEASE, tries=F("tries") + int(left)
            )
            if not taken:
                continue
            candidate.refresh_from_db()
            if candidate.tries < MAX_TRIES:
                return candidate
            _finish(
                candidate, error=f"after row {candidate.rows + 1}: reading it ended {MAX_TRIES} times. Split the file."
            )
        return None

    def _read_batch(self, reader: _Reader) -> bool:
        """Whether there is more of the file. Raises BadFile."""
        upload, rejected = reader.upload, []
        readings, count = Readings(), 0
        last = upload.rows + 1
        now_us = to_us(datetime.now(UTC))
        for last, row in itertools.islice(reader.rows, BATCH_ROWS):
            count += 1
            try:
                found = _row(reader, row, now_us)
            except Refused as error:
                rejected.append((last, str(error)))
                continue
            readings.add(readings.position_of(found.device), found.at_us, found.value, found.revision, False, last)
        with transaction.atomic():
            with transaction.atomic():
                stored = store_readings(readings=readings)
                transaction.set_rollback(upload.dry_run)
            rejected += [(refusal.index or last, refusal.reason) for refusal in stored.refusals]
            RejectedRow.objects.bulk_create(
                (RejectedRow(upload=upload, row=row, error=reason) for row, reason in sorted(rejected)),
                ignore_conflicts=True,
            )
            still_mine = Upload.objects.filter(pk=upload.pk, worker=self._worker, rows=upload.rows).update(
                rows=F("rows") + count,
                accepted=F("accepted") + stored.accepted,
                duplicates=F("duplicates") + stored.duplicates,
                rejected_count=F("rejected_count") + len(rejected),
                progress=min(1.0, reader.file.tell() / upload.size),
                lease_until=timezone.now() + LEASE,
                tries=0,
            )
            if not still_mine:
                transaction.set_rollback(True)
        if not still_mine:
            log.warning("upload went on elsewhere", upload=str(upload.pk))
            return False
        upload.rows += count
        if count == BATCH_ROWS:
            return True
        _finish(upload)
        return False


def _opened(upload: Upload) -> _Reader:
    """The file at the row after the last committed one. Raises BadFile."""
    options = msgspec.convert(upload.options, Options)
    file = storage.opened(upload)
    rows = parsing.cells(file, options)
    where = parsing.places(next(rows, []), options)
    reader = _Reader(upload, options, enumerate(rows, start=2), file, where, parsing.Clock(options))
    for _, row in itertools.islice(reader.rows, upload.rows):
        try:
            _row(reader, row, to_us(datetime.now(UTC)))  # the clock must have seen the rows before
        except Refused:
            continue
    return reader


def _row(reader: _Reader, row: Sequence[Any], now_us: int) -> _Row:
    """One row as a reading. Raises Refused."""
    options, where = reader.options, reader.places

    def cell(place: int | None) -> Any:
        return row[place] if place is not None and place < len(row) else None

    named = cell(where.device_id) or cell(where.device) or options.device_id
    device = _device(reader, str(named or "").strip())
    at_us = reader.clock.instant_us(cell(where.timestamp), str(device.pk), now_us=now_us)
    if options.timestamps == "start" and device.reading == "interval_kwh":
        at_us += device.interval_seconds * 1_000_000
    value = parsing.in_own_unit(
        parsing.number(cell(where.value), options.decimal), options.unit, device.reading, device.interval_seconds
    )
    return _Row(str(device.pk), at_us, value, parsing.revision(cell(where.revision)))


def _device(reader: _Reader, named: str) -> Device:
    """The device of this id or name. Raises Refused."""
    if named not in reader.devices:
        try:
            wanted = Q(pk=uuid.UUID(named))
        except ValueError:
            wanted = Q(name=named)
        found = list(Device.live.filter(wanted)[:2])
        if len(found) == 2:
            raise Refused(f'two devices are named "{named[:80]}": use device_id')
        reader.devices[named] = found[0] if found else None
    device = reader.devices[named]
    if device is None:
        raise Refused(f'device "{named[:80]}" is not known: create it, or correct the file')
    return device


@transaction.atomic
def _finish(upload: Upload, *, error: str | None = None) -> None:
    Upload.objects.filter(pk=upload.pk).update(
        state=Upload.State.DONE if error is None else Upload.State.FAILED,
        error=error,
        progress=1.0 if error is None else F("progress"),
        finished_at=timezone.now(),
    )
    Chunk.objects.filter(upload=upload).delete()
    log.info("upload read", upload=str(upload.pk), error=error)


def purge_uploads() -> int:
    """Forget uploads a month after they came; the number deleted."""
    return Upload.objects.filter(finished_at__lt=timezone.now() - KEEP).delete()[0]
