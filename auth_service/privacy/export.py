"""All that the system holds of a person as one JSON file: auth_service's own part, and what the others answer."""

import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context
from shutil import copyfileobj
from tempfile import SpooledTemporaryFile
from typing import IO, Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from auth_service.accounts.models import Account
from auth_service.accounts.serializers import UserSerializer
from auth_service.audit.models import AuditEntry
from auth_service.audit.services import Action, record
from auth_service.sagas import participants
from service_kit.errors import Unavailable

# Section of the file -> the service that tells it, and the setting with its address.
PARTS = {
    "profile": ("user_service", "USER_URL"),
    "devices": ("device_service", "DEVICE_URL"),
    "energy": ("monitoring_service", "MONITORING_URL"),
    "forecasts": ("forecast_service", "FORECAST_URL"),
}
IN_MEMORY_BYTES = 1 << 20


def export(*, account: Account) -> IO[bytes]:
    """The whole file, open at its beginning. Raises Unavailable naming each service that did not answer: never a part for all."""
    with ExitStack() as until_copied:
        parts = {section: until_copied.enter_context(SpooledTemporaryFile(IN_MEMORY_BYTES)) for section in PARTS}
        _ask_all(account.pk, parts)
        file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  the response closes it
        file.write(msgspec.json.encode({"exported_at": timezone.now(), **_own_part(account)})[:-1])
        for section, part in parts.items():
            part.seek(0)
            file.write(b',"' + section.encode() + b'":')
            copyfileobj(part, file)
        file.write(b"}")
    with transaction.atomic():
        record(Action.EXPORTED, user=account.pk)
    file.seek(0)
    return file


def _ask_all(user_id: uuid.UUID, parts: Mapping[str, IO[bytes]]) -> None:
    """Fill each part with what its service holds, all of them at once. Raises Unavailable."""
    with ThreadPoolExecutor(len(PARTS)) as pool:
        asked = {
            service: pool.submit(
                copy_context().run,
                participants.download,
                f"{getattr(settings, address)}/internal/users/{user_id}/export",
                into=parts[section],
                seconds=settings.EXPORT_WAIT_SECONDS,
            )
            for section, (service, address) in PARTS.items()
        }
    missing = [service for service, answer in asked.items() if not answer.result()]
    if missing:
        raise Unavailable(f"The export is not whole: no answer from {', '.join(missing)}. Try again in a moment.")


def _own_part(account: Account) -> dict[str, Any]:
    theirs = Q(actor=account.pk) | Q(user=account.pk)
    # Where somebody else was who did something to this person is that one's own business.
    from_here = Q(actor=account.pk) | Q(actor=None)
    audit = AuditEntry.objects.filter(theirs).order_by("id")
    return {
        "account": UserSerializer(account).data,
        "sessions": list(
            account.refresh_families.order_by("created_at", "id").values("id", "created_at", "expires_at", "ended_at")
        ),
        "audit": list(
            audit.values("at", "action", "actor", "user", "changed").annotate(
                address=Case(When(from_here, F("address")), default=Value(None)),
                user_agent=Case(When(from_here, F("user_agent")), default=Value("")),
            )
        ),
    }
