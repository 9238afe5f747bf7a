"""Who did what to whom, when and from where: told to the admin, and never changed afterwards."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.audit.models import AuditEntry
from auth_service.audit.services import Action, forget_origins, record
from auth_service.tests.conftest import Participants

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]
SignedIn = Callable[[Account], APIClient]
PASSWORD = "correct horse battery"
NEW = {
    "username": "eve", "email": "eve@example.org", "password": PASSWORD, "first_name": "Eve", "last_name": "Neri",
}  # fmt: skip


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_a_sign_in_is_told_with_who_when_and_where(account: Make, signed_in: SignedIn) -> None:
    admin, alice = account("admin", role="admin"), account("alice")
    APIClient(REMOTE_ADDR="203.0.113.7", HTTP_USER_AGENT="Firefox").post(
        "/api/auth/login", {"username": "alice", "password": PASSWORD}
    )
    (entry,) = signed_in(admin).get("/api/auth/audit").json()["results"]
    assert entry | {
        "action": "signed_in", "actor": str(alice.pk), "actor_username": "alice", "user": str(alice.pk),
        "username": "alice", "changed": [], "address": "203.0.113.7", "user_agent": "Firefox",
    } == entry  # fmt: skip
    assert abs(datetime.fromisoformat(entry["at"]) - timezone.now()) < timedelta(minutes=1)


def test_only_the_admin_reads_it(account: Make, signed_in: SignedIn) -> None:
    clients = [APIClient(), signed_in(account("alice")), signed_in(account("admin", role="admin"))]
    assert [client.get("/api/auth/audit").status_code for client in clients] == [401, 403, 200]


@pytest.mark.django_db(transaction=True)
def test_what_the_admin_changes_is_noted_by_field_name_without_values(
    account: Make, signed_in: SignedIn, participants: Participants
) -> None:
    admin, alice = account("admin", role="admin"), account("alice", first_name="Alice")
    her = signed_in(admin)
    path = f"/api/auth/users/{alice.pk}"
    her.patch(path, {"email": "new@example.org", "first_name": "Alicia"})
    her.patch(path, {"role": "admin", "email": "new@example.org"})
    her.patch(path, {"is_active": False})
    her.patch(path, {"is_active": True})
    her.delete(path)
    entries = AuditEntry.objects.order_by("id")
    assert list(entries.values_list("action", "changed")) == [
        ("user_changed", ["email", "first_name"]),
        ("user_changed", ["role"]),
        ("role_changed", []),
        ("user_changed", ["is_active"]),
        ("deactivated", []),
        ("user_changed", ["is_active"]),
        ("reactivated", []),
        ("deleted", []),
    ]
    assert set(entries.values_list("actor", "user")) == {(admin.pk, alice.pk)}
    told = her.get("/api/auth/audit").json()["results"][0]
    assert (told["action"], told["actor_username"], told["username"]) == ("deleted", "admin", None)


@pytest.mark.django_db(transaction=True)
def test_accounts_are_noted_by_how_they_came_to_be(
    account: Make, signed_in: SignedIn, participants: Participants
) -> None:
    admin = account("admin", role="admin")
    signed_in(admin).post("/api/auth/users", NEW)
    eve = Account.objects.get(username="eve")
    assert AuditEntry.objects.values_list("action", "actor", "user").get() == ("created", admin.pk, eve.pk)
    APIClient().post("/api/auth/register", NEW | {"username": "fay", "email": "fay@example.org"})
    assert actions() == ["created", "registered", "signed_in"]
    participants.answers["POST /api/users"] = [422]
    APIClient().post("/api/auth/register", NEW | {"username": "gil", "email": "gil@example.org"})
    assert actions()[3:] == ["registered", "registration_undone"]


def test_sessions_leave_their_trace(account: Make, signed_in: SignedIn) -> None:
    alice = account("alice")
    post = APIClient().post
    tokens = [post("/api/auth/login", {"username": "alice", "password": PASSWORD}).json()["refresh"] for _ in range(2)]
    post("/api/auth/logout", {"refresh": tokens[0]})
    post("/api/auth/logout", {"refresh": tokens[0]})
    post("/api/auth/refresh", {"refresh": tokens[1]})
    post("/api/auth/refresh", {"refresh": tokens[1]})
    change = {"old_password": PASSWORD, "new_password": "another horse battery"}
    signed_in(alice).post("/api/auth/password", change)
    assert actions() == ["signed_in", "signed_in", "signed_out", "refresh_reused", "password_changed"]
    assert AuditEntry.objects.get(action="refresh_reused").actor is None


def test_a_change_that_is_rolled_back_leaves_no_entry(account: Make) -> None:
    alice = account("alice")
    with transaction.atomic():
        record(Action.PASSWORD_CHANGED, user=alice.pk)
        transaction.set_rollback(True)
    assert actions() == []


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_noted() -> None:
    with pytest.raises(TransactionManagementError):
        record(Action.SIGNED_IN)


def test_entries_are_found_by_user_actor_action_and_time(account: Make, signed_in: SignedIn) -> None:
    admin, alice, bob = account("admin", role="admin"), account("alice"), account("bob")
    record(Action.SIGNED_IN, user=alice.pk, actor=alice.pk)
    record(Action.DEACTIVATED, user=bob.pk, actor=admin.pk)
    record(Action.ROLE_CHANGED, user=alice.pk, actor=admin.pk)

    def found(**query: Any) -> list[str]:
        answer = signed_in(admin).get("/api/auth/audit", query)
        assert answer.status_code == 200, answer.content
        return [entry["action"] for entry in answer.json()["results"]]

    now = timezone.now()
    assert found() == ["role_changed", "deactivated", "signed_in"]
    assert found(user=str(alice.pk)) == ["role_changed", "signed_in"]
    assert found(actor=str(admin.pk)) == ["role_changed", "deactivated"]
    assert found(action="deactivated") == ["deactivated"]
    assert found(action=["deactivated", "signed_in"]) == ["deactivated", "signed_in"]
    assert found(until=(now - timedelta(hours=1)).isoformat()) == []
    assert len(found(since=(now - timedelta(hours=1)).isoformat())) == 3
    refused = signed_in(admin).get("/api/auth/audit", {"user": "alice", "action": "flew"})
    assert (refused.status_code, set(refused.json())) == (400, {"user", "action"})


def test_the_list_takes_as_many_queries_for_fifty_as_for_one(
    account: Make, signed_in: SignedIn, django_assert_num_queries: Any
) -> None:
    admin = account("admin", role="admin")
    for count in (1, 50):
        AuditEntry.objects.bulk_create(
            AuditEntry(action=Action.SIGNED_IN, user=admin.pk, actor=admin.pk) for _ in range(count)
        )
        with django_assert_num_queries(3):
            assert signed_in(admin).get("/api/auth/audit").status_code == 200


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit_auditentry SET action = 'signed_out'",
        "UPDATE audit_auditentry SET address = '198.51.100.1'",
        "UPDATE audit_auditentry SET address = NULL, user_agent = '', actor = NULL",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
    ],
)
def test_the_database_refuses_to_rewrite_history(sql: str, account: Make) -> None:
    record(Action.SIGNED_IN, user=account("alice").pk, actor=uuid.uuid4())
    with connection.cursor() as cursor:
        # The tests' own setting; it ends with this test's transaction.
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_truncate")
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            cursor.execute(sql)
    assert actions() == ["signed_in"]


def test_nor_does_the_orm_get_round_it(account: Make) -> None:
    record(Action.SIGNED_IN, user=account("alice").pk)
    entry = AuditEntry.objects.get()
    entry.action = Action.SIGNED_OUT
    for rewrite in (entry.save, entry.delete, AuditEntry.objects.all().delete):
        with pytest.raises(IntegrityError, match="never changed or deleted"), transaction.atomic():
            rewrite()
    assert actions() == ["signed_in"]


def test_erasure_forgets_where_somebody_was_and_keeps_what_happened(account: Make) -> None:
    alice, admin = account("alice"), account("admin", role="admin")
    for actor, user in ((alice.pk, alice.pk), (None, alice.pk), (admin.pk, alice.pk)):
        AuditEntry.objects.create(
            action=Action.SIGNED_IN, actor=actor, user=user, address="203.0.113.7", user_agent="Firefox"
        )
    assert forget_origins(user=alice.pk) == 2
    kept = AuditEntry.objects.order_by("id").values_list("actor", "user", "address", "user_agent")
    assert list(kept) == [
        (alice.pk, alice.pk, None, ""),
        (None, alice.pk, None, ""),
        (admin.pk, alice.pk, "203.0.113.7", "Firefox"),
    ]
