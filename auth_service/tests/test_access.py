"""Who gets which answer: anyone at the door, Alice for herself, the admin for everybody, a service nothing."""

import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from auth_service.accounts.models import Account
from auth_service.sagas.engine import DELETE, REGISTER, UPDATE, start_saga
from auth_service.sagas.models import Saga
from auth_service.tests.conftest import Participants
from service_kit.auth import Caller
from service_kit.testing.access import AccessMatrix


@pytest.fixture
def ids(
    db: None, account: Callable[..., Account], participants: Participants, alice: Caller, charlie: Caller, admin: Caller
) -> dict[str, str]:
    """The accounts of the cast, a change of Alice that has ended, a registration and an erasure that are under way."""
    for person in (alice, charlie, admin):
        account(person.username, id=person.id, role=person.role)
    change = start_saga(kind=UPDATE, subject=alice.id, payload={})
    Saga.objects.filter(pk=change.pk).update(state=Saga.State.COMPLETED)
    registration = start_saga(kind=REGISTER, subject=account("dora", state="pending").pk, payload={})
    erasure = start_saga(kind=DELETE, subject=uuid.uuid4(), payload={"erase": True})
    sagas = {"change": change, "registration": registration, "erasure": erasure}
    return {"alice": str(alice.id), **{name: str(saga.pk) for name, saga in sagas.items()}}


class TestAccess(AccessMatrix):
    table = Path(__file__).with_name("access.txt")
