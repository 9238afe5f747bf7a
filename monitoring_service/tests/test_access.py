"""Who gets which answer: Alice owns, Charlie is refused, the admin sees all."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from monitoring_service.conftest import device_event
from service_kit.auth import Caller
from service_kit.testing.access import CopiedUsers


@pytest.fixture
def ids(
    meter: uuid.UUID, deliver: Callable[..., None], tell_of: Callable[..., None], alice: Caller, bob: Caller,
    charlie: Caller, admin: Caller,
) -> dict[str, str]:  # fmt: skip
    """A meter of Alice's and one of Bob's."""
    tell_of(alice, bob, charlie, admin)
    bobs = uuid.uuid4()
    deliver(device_event(bobs, owners=[bob]))
    return {"device": str(meter), "bobs": str(bobs)}


class TestAccess(CopiedUsers):
    table = Path(__file__).with_name("access.txt")
