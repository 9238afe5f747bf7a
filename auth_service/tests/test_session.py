"""Signing in, refreshing, signing out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.accounts.queries import named
from auth_service.audit.models import AuditEntry
from auth_service.tests.conftest import statements

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]
PASSWORD = "correct horse battery"


def login(name: str = "alice", password: str = PASSWORD, **more: Any) -> Any:
    return APIClient().post("/api/auth/login", {"username": name, "password": password, **more})


def refresh(token: str) -> Any:
    return APIClient().post("/api/auth/refresh", {"refresh": token})


@pytest.mark.parametrize("name", ["alice", "ALICE", "alice@example.org", "Alice@Example.org"])
def test_alice_signs_in_by_name_or_address(account: Make, name: str) -> None:
    alice = account("alice")
    body = login(name).json()
    assert set(body) == {"access", "refresh", "user"}
    assert body["user"]["id"] == str(alice.pk)


def test_every_wrong_pair_has_the_same_answer(account: Make) -> None:
    account("alice")
    account("pending", state="pending")
    account("inactive", is_active=False)
    answers = [login("alice", "wrong"), login("nobody"), login("pending"), login("inactive")]
    assert {(a.status_code, a.content) for a in answers} == {(401, b'{"detail":"Username or password is wrong."}')}


def counting(calls: list[str], function: Callable[..., Any]) -> Callable[..., Any]:
    """The function itself, with a note of each call."""

    @wraps(function)
    def counted(*args: Any) -> Any:
        calls.append(function.__name__)
        return function(*args)

    return counted


def test_nobody_learns_by_the_work_whether_an_account_exists(account: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Equal answers, as many hashes, the same statements."""
    account("alice")
    account("pending", state="pending")
    account("inactive", is_active=False)
    account("google", password=make_password(None))
    hashes: list[str] = []
    for work in ("verify", "encode"):
        monkeypatch.setattr(Argon2PasswordHasher, work, counting(hashes, getattr(Argon2PasswordHasher, work)))
    seen = []
    for name in ("alice", "nobody", "pending", "inactive", "google", "nobody@example.org"):
        before = len(hashes)
        with CaptureQueriesContext(connection) as queries:
            answer = login(name, "wrong")
        seen.append((answer.status_code, answer.content, len(hashes) - before, statements(queries)))
    assert seen == [seen[0]] * 6
    assert seen[0][2] == 1
    failed = AuditEntry.objects.filter(action="sign_in_failed")
    assert failed.filter(user=None).count() == 2
    assert "nobody" not in str(list(failed.values()))


def test_names_are_found_by_index(account: Make) -> None:
    Account.objects.bulk_create(
        Account(username=f"user{i}", email=f"user{i}@example.org", state="active") for i in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE accounts_account")
        with CaptureQueriesContext(connection) as queries:
            assert named("USER77@example.org").username == "user77"  # type: ignore[union-attr]
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        plan = str(cursor.fetchall())
    assert "username_taken" in plan
    assert "email_taken" in plan
    assert "Seq Scan" not in plan


def test_a_password_hashed_by_pbkdf2_is_still_good_and_is_hashed_anew(account: Make) -> None:
    alice = account("alice", password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
    assert login(password="wrong").status_code == 401
    alice.refresh_from_db()
    assert alice.password.startswith("pbkdf2_sha256$")
    assert login().status_code == 200
    alice.refresh_from_db()
    assert alice.password.startswith("argon2$")
    assert login().status_code == 200


def test_a_refresh_token_is_good_once_and_twice_ends_the_session(account: Make) -> None:
    account("alice")
    first = login().json()["refresh"]
    second = refresh(first).json()["refresh"]
    third = refresh(second).json()["refresh"]
    assert refresh(first).status_code == 401
    assert refresh(third).status_code == 401
    assert refresh(login().json()["refresh"]).status_code == 200


def test_after_signing_out_nothing_is_left(account: Make) -> None:
    account("alice")
    token = login().json()["refresh"]
    assert APIClient().post("/api/auth/logout", {"refresh": token}).status_code == 204
    assert refresh(token).status_code == 401
    assert APIClient().post("/api/auth/logout", {"refresh": token}).status_code == 204


def test_in_a_browser_the_refresh_token_is_out_of_reach_of_scripts(account: Make) -> None:
    account("alice")
    browser = APIClient()
    answer = browser.post("/api/auth/login", {"username": "alice", "password": PASSWORD, "cookie": True})
    assert "refresh" not in answer.json()
    cookie = answer.cookies["ems_refresh"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/api/auth")
    again = browser.post("/api/auth/refresh", {})
    assert again.status_code == 200
    assert "refresh" not in again.json()
    assert again.cookies["ems_refresh"].value != cookie.value
    assert browser.post("/api/auth/logout", {}).status_code == 204
    assert browser.post("/api/auth/refresh", {}).status_code in {400, 401}


def test_each_kind_of_token_opens_its_own_door_only(account: Make) -> None:
    account("alice")
    tokens = login().json()
    with_refresh = APIClient().get("/api/auth/validate", headers={"Authorization": f"Bearer {tokens['refresh']}"})
    assert with_refresh.status_code == 401
    assert refresh(tokens["access"]).status_code == 401


def test_a_deactivated_account_can_neither_refresh_nor_use_its_token(account: Make) -> None:
    alice = account("alice")
    tokens = login().json()
    Account.objects.filter(pk=alice.pk).update(is_active=False)
    assert refresh(tokens["refresh"]).status_code == 401
    answer = APIClient().get("/api/auth/validate", headers={"Authorization": f"Bearer {tokens['access']}"})
    assert answer.status_code == 401


def test_a_new_password_ends_every_session(account: Make, signed_in: Callable[[Account], APIClient]) -> None:
    alice = account("alice")
    elsewhere = login().json()["refresh"]
    change = lambda old, new: signed_in(alice).post(  # noqa: E731
        "/api/auth/password", {"old_password": old, "new_password": new}
    )
    assert change("wrong", "another horse battery").json() == {"old_password": ["This is not your password."]}
    assert list(change(PASSWORD, "alice").json()) == ["new_password"]
    assert refresh(elsewhere).status_code == 200
    elsewhere = login().json()["refresh"]
    assert change(PASSWORD, "another horse battery").status_code == 204
    assert refresh(elsewhere).status_code == 401
    assert (login().status_code, login(password="another horse battery").status_code) == (401, 200)
    assert APIClient().post("/api/auth/password", {}).status_code == 401
