"""Who gets which answer: Alice about herself, Charlie about Alice, the admin about everybody, services in a saga only."""

from pathlib import Path

import pytest

from service_kit.auth import Caller
from service_kit.testing.access import CopiedUsers


@pytest.fixture
def ids(cast: None, alice: Caller) -> dict[str, str]:
    return {"alice": str(alice.id)}


class TestAccess(CopiedUsers):
    table = Path(__file__).with_name("access.txt")
