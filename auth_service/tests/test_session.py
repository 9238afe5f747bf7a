"""Signing in, refreshing, signing out."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from rest_framework.test import APIClient

from auth_service.accounts.models import Account

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


def test_a_password_hashed_by_pbkdf2_is_still_good(account: Make) -> None:
    account("alice", password=make_password(PASSWORD, hasher="pbkdf2_sha256"))
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
