"""Guessing is slow, and nobody is locked out by a stranger."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.throttles import counters
from auth_service.throttles.models import Counter

pytestmark = pytest.mark.django_db
Make = Callable[..., Account]
PASSWORD = "correct horse battery"
HOME, OFFICE, ELSEWHERE = "203.0.113.7", "198.51.100.2", "192.0.2.66"


@pytest.fixture
def account(account: Make, settings: Any) -> Make:
    """With passwords that are hashed quickly: these tests are about how often, not about how well."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return partial(account, password=make_password(PASSWORD))


def login(name: str = "alice", password: str = PASSWORD, *, at: str = HOME) -> Any:
    return APIClient(REMOTE_ADDR=at).post("/api/auth/login", {"username": name, "password": password})


def guess(times: int, name: str = "alice", *, at: str = ELSEWHERE) -> list[int]:
    """Wrong passwords, each as soon as the one before allows."""
    statuses = []
    for _ in range(times):
        statuses.append(login(name, "wrong", at=at).status_code)
        time_passes(61)
    return statuses


def time_passes(seconds: float) -> None:
    """All that was counted is that much longer ago. A test is one transaction, and no other time passes in it."""
    past = timedelta(seconds=seconds)
    for counter in Counter.objects.all():
        counter.last_at -= past
        counter.expires_at -= past
        counter.save()


@pytest.mark.django_db(transaction=True)
def test_of_a_hundred_requests_at_once_exactly_the_limit_gets_through(settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "recover": (30, 3600)}

    def one(_: int) -> int:
        try:
            return APIClient().post("/api/auth/email/verify", {"token": "x"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(25) as pool:
        statuses = list(pool.map(one, range(100)))
    assert (statuses.count(400), statuses.count(429)) == (30, 70)


@pytest.mark.parametrize(
    ("path", "body", "scope"),
    [
        ("/api/auth/login", {"username": "nobody", "password": "x"}, "login"),
        ("/api/auth/google", {"token": "x"}, "login"),
        ("/api/auth/register", {}, "register"),
        ("/api/auth/password/reset", {}, "recover"),
        ("/api/auth/password/reset/confirm", {}, "recover"),
        ("/api/auth/email/verify", {"token": "x"}, "recover"),
    ],
)
def test_each_address_has_its_own_limit_and_reads_when_to_come_back(
    path: str, body: dict[str, str], scope: str, settings: Any
) -> None:
    settings.THROTTLES = {**settings.THROTTLES, scope: (2, 60)}
    home, office = APIClient(REMOTE_ADDR=HOME), APIClient(REMOTE_ADDR=OFFICE)
    assert 429 not in {home.post(path, body).status_code for _ in range(2)}
    refused = home.post(path, body)
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 60
    assert refused.json()["detail"].startswith("Too many of these requests from your address. Try again in ")
    assert office.post(path, body).status_code != 429
    time_passes(61)
    assert home.post(path, body).status_code != 429


def test_a_customer_with_ipv6_has_one_limit_for_the_whole_network(settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "recover": (1, 60)}
    asked = lambda at: APIClient(REMOTE_ADDR=at).post("/api/auth/email/verify", {"token": "x"}).status_code  # noqa: E731
    assert [asked("2001:db8::1"), asked("2001:db8::2"), asked("2001:db8:1::1")] == [400, 429, 400]
    assert [asked("192.0.2.1"), asked("::ffff:192.0.2.1")] == [400, 429]


def test_after_five_wrong_passwords_each_try_waits_twice_as_long(account: Make) -> None:
    account("alice")
    assert [login(password="wrong").status_code for _ in range(5)] == [401] * 5
    waits = []
    for _ in range(8):
        refused = login(password="wrong")
        assert refused.status_code == 429
        assert refused.json()["detail"].startswith("Too many tries with a wrong password. Try again in ")
        waits.append(int(refused["Retry-After"]))
        time_passes(waits[-1])
        assert login(password="wrong").status_code == 401
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_while_a_try_has_to_wait_the_right_password_waits_too_and_then_clears_the_slate(account: Make) -> None:
    account("alice")
    guess(5, at=HOME)
    login(password="wrong")
    assert login().status_code == 429
    time_passes(2)
    assert login().status_code == 200
    assert [login(password="wrong").status_code for _ in range(5)] == [401] * 5


def test_a_stranger_elsewhere_does_not_lock_alice_out(account: Make) -> None:
    account("alice")
    assert login(at=HOME).status_code == 200
    for address in range(10):
        guess(4, at=f"192.0.2.{address}")
    assert login(password="wrong", at=ELSEWHERE).status_code == 401
    assert login(at=OFFICE).status_code == 429, "where she never was she waits a minute at most"
    assert login(at=HOME).status_code == 200
    time_passes(61)
    assert login(at=OFFICE).status_code == 200


def test_a_name_that_nobody_has_is_treated_the_same(account: Make) -> None:
    account("alice")
    answers = []
    for name in ("alice", "nobody"):
        tries = [login(name, "wrong") for _ in range(7)]
        answers.append([(a.status_code, a.content, a.get("Retry-After")) for a in tries])
    assert answers[0] == answers[1]


def test_upper_and_lower_case_are_the_same_name(account: Make) -> None:
    account("alice")
    statuses = [login(name, "wrong").status_code for name in ("alice", "Alice", "ALICE", "aLICE", "alicE", "alice")]
    assert statuses == [401] * 5 + [429]


def test_signing_in_hundreds_of_times_is_normal_use(account: Make, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "login": (600, 60)}
    account("admin")
    assert {login("admin").status_code for _ in range(120)} == {200}


def test_guessing_the_old_password_is_slow_too(account: Make, signed_in: Callable[[Account], APIClient]) -> None:
    client = signed_in(account("alice"))
    change = lambda old: client.post(  # noqa: E731
        "/api/auth/password", {"old_password": old, "new_password": "another horse battery"}
    )
    assert [change("wrong").status_code for _ in range(6)] == [400] * 5 + [429]
    time_passes(61)
    assert change(PASSWORD).status_code == 204


def test_no_name_and_no_address_is_kept(account: Make) -> None:
    login(at=HOME)
    login("nobody", at=HOME)
    kept = str(list(Counter.objects.values()))
    assert HOME not in kept
    assert "nobody" not in kept


def test_what_is_forgotten_anyway_is_purged() -> None:
    counters.count(["short"], seconds=1)
    counters.count(["long"], seconds=3600)
    time_passes(2)
    assert counters.purge() == 1
    assert Counter.objects.get().pk == "long"
    assert timezone.now() < Counter.objects.get().expires_at
