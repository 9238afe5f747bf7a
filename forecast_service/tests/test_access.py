"""Who gets which answer: Alice owns, Charlie is refused, the admin sees all."""

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service_kit.auth import Caller
from service_kit.testing.access import CopiedUsers


@pytest.fixture
def ids(
    db: None, device: Callable[..., uuid.UUID], hours: Callable[..., None], habit: Callable[..., Any],
    tell_of: Callable[..., None], alice: Caller, bob: Caller, charlie: Caller, admin: Caller,
) -> dict[str, str]:  # fmt: skip
    """A meter of Alice's and one of Bob's with a past to forecast from."""
    tell_of(alice, bob, charlie, admin)
    meters = {"device": device(alice), "bobs": device(bob)}
    for meter in meters.values():
        hours(meter, habit(10))
    return {name: str(meter) for name, meter in meters.items()}


class TestAccess(CopiedUsers):
    table = Path(__file__).with_name("access.txt")
