"""What an operator decides of readings that are held: dips of a register, and more than the device can physically take."""

import uuid
from typing import Literal

import numpy as np
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone
from rest_framework.exceptions import NotFound

from monitoring_service.devices.models import Device
from monitoring_service.hours.aggregation import recompute_hours
from monitoring_service.hours.energy import Kind, State
from monitoring_service.hours.storing import add_to_hours
from monitoring_service.live.announce import announce_hours
from monitoring_service.readings.checks import to_us
from monitoring_service.readings.models import DoubtfulReading, Reading
from monitoring_service.readings.services import known_devices
from monitoring_service.readings.storing import lock_devices
from service_kit.errors import Conflict

Decision = Literal["accepted", "discarded"]
_STATES = {"accepted": State.ACCEPTED, "discarded": State.DISCARDED}


class NeighboursDropped(Conflict):
    """Power and registers have energy only between two readings."""


class DecidedOtherwise(Conflict):
    """Somebody decided the other way already: send the right value as a correction, which is looked at anew."""


def doubtful_readings(*, decision: str, device_id: uuid.UUID | None) -> QuerySet[DoubtfulReading]:
    """Oldest first, each with its `device_name`. `decision`: open, accepted, discarded or all."""
    rows: QuerySet[DoubtfulReading] = DoubtfulReading.objects.order_by("held_at", "at", "id").annotate(
        device_name=Subquery(Device.objects.filter(pk=OuterRef("device_id")).values("name"))
    )
    if decision != "all":
        rows = rows.filter(decision=None if decision == "open" else decision)
    return rows if device_id is None else rows.filter(device_id=device_id)


@transaction.atomic
def decide(*, held_id: uuid.UUID, decision: Decision, by: uuid.UUID) -> DoubtfulReading:
    """Count the reading, or leave it out for good, with every hour that follows from it; the same decision again changes nothing.

    Raises NotFound, DecidedOtherwise or NeighboursDropped.
    """
    device_id = DoubtfulReading.objects.filter(pk=held_id).values_list("device_id", flat=True).first()
    if device_id is not None:
        lock_devices([device_id])
    # Looked at again under the lock: a correction that came meanwhile takes the reading off the list.
    held = DoubtfulReading.objects.filter(pk=held_id).first()
    if held is None:
        raise NotFound(f"No reading {held_id} is held. It may have been corrected meanwhile; GET lists what is held.")
    if held.decision is not None:
        if held.decision != decision:
            raise DecidedOtherwise(
                f"This reading was {held.decision} at {held.decided_at:%Y-%m-%dT%H:%M:%SZ}. "
                "If that was wrong, send its right value as a correction."
            )
        return held
    key = str(held.device_id)
    meter = known_devices([key])[key].meter
    if held.reason == DoubtfulReading.Reason.DROPPED_MONTH and decision == "accepted":
        if meter.kind != Kind.INTERVAL_KWH:
            raise NeighboursDropped(
                f"The readings around {held.at.isoformat()} were dropped, without which this one has no energy. Discard it."
            )
        _decided(held, decision, by)
        announce_hours(add_to_hours(device_id=key, meter=meter, at_us=to_us(held.at), value=held.value))
        return held
    _decided(held, decision, by)
    if not Reading.objects.filter(device_id=held.device_id, at=held.at).update(state=_STATES[decision]):
        return held
    changed = recompute_hours(
        device_ids=[key],
        meters=[meter],
        device=np.zeros(1, dtype=np.int64),
        at=np.array([to_us(held.at)], dtype=np.int64),
    )
    announce_hours(changed)
    return held


def _decided(held: DoubtfulReading, decision: Decision, by: uuid.UUID) -> None:
    held.decision, held.decided_by, held.decided_at = decision, by, timezone.now()
    held.save(update_fields=["decision", "decided_by", "decided_at"])
