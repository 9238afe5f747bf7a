"""Who gets which answer: Alice owns, Charlie is refused, the admin sees all."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from monitoring_service.conftest import DAY, METER, device_event, ten_minutes
from monitoring_service.readings.models import DoubtfulReading
from service_kit.auth import Caller
from service_kit.testing.access import CopiedUsers


@pytest.fixture
def ids(
    db: None, deliver: Callable[..., None], send: Callable[..., Any], tell_of: Callable[..., None], alice: Caller,
    bob: Caller, charlie: Caller, admin: Caller,
) -> dict[str, str]:  # fmt: skip
    """A meter of Alice's, which sent more than it can, and one of Bob's."""
    tell_of(alice, bob, charlie, admin)
    bobs = uuid.uuid4()
    deliver(device_event(owners=[alice], rated_power_w=3000))
    deliver(device_event(bobs, owners=[bob]))
    send(ten_minutes(DAY, [0.5, 80]))
    return {"device": str(METER), "bobs": str(bobs), "held": str(DoubtfulReading.objects.get().pk)}


class TestAccess(CopiedUsers):
    table = Path(__file__).with_name("access.txt")
