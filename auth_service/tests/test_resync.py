"""What the other services are told of accounts after a loss, and what this one says of its copies of their names."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command

from auth_service.accounts.handlers import COPIES
from auth_service.accounts.models import Account
from auth_service.config.owned import OWNED
from service_kit.events import ProfileUpdated, UserUpdated
from service_kit.versions import rows_of

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]


def test_every_account_but_the_ones_being_registered_is_told(account: Make, published: Any, capsys: Any) -> None:
    alice, bob = account("alice", version=3), account("bob", state="deleting", is_active=False)
    account("charlie", state="pending")
    call_command("resync")
    assert capsys.readouterr().out == "Told: 2 user(s).\n"
    told = {envelope.event.id: envelope for envelope in published()}
    assert told.keys() == {alice.pk, bob.pk}
    assert told[alice.pk].version == 3
    assert told[alice.pk].event == UserUpdated(
        id=alice.pk, username="alice", email="alice@example.org", role="client", is_active=True
    )
    assert not told[bob.pk].event.is_active


def test_a_copy_of_somebody_who_is_being_registered_is_not_ended(account: Make, published: Any) -> None:
    charlie, nobody = account("charlie", state="pending"), uuid.uuid4()
    assert OWNED[0].forget({str(charlie.pk): 0, str(nobody): 4}) == 1
    assert [(e.event.type, e.event.id, e.version) for e in published()] == [("user.deleted", nobody, 5)]


def test_the_names_of_accounts_are_compared_by_the_profiles_version(account: Make, deliver: Any) -> None:
    alice = account("alice", version=9)
    account("bob")
    deliver(ProfileUpdated(id=alice.pk, first_name="Alice", last_name="Rossi", phone="", timezone="UTC"), version=4)
    buckets = [f"{number:03x}" for number in range(4096)]
    assert rows_of(COPIES[ProfileUpdated](), buckets) == {str(alice.pk): (4, False)}
