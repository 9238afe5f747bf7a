"""How auth_service's public keys come to the others: fetched when needed, kept while it is away, asked for in bounds."""

import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from rest_framework.test import APIClient

from service_kit import auth
from service_kit.auth import Caller, SigningKeys
from service_kit.testing import KeyServer

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def old() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def new() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def auth_service(old: rsa.RSAPrivateKey, token_for: Any, settings: Any) -> Iterator[KeyServer]:
    with KeyServer({"old": old}) as server:
        settings.AUTH_URL = server.url
        yield server


@pytest.fixture
def ask(auth_service: KeyServer, token_for: Callable[..., str], alice: Caller) -> Callable[..., int]:
    """`ask(kid, key)`: the status that a token signed so gets."""

    def make(kid: str, key: rsa.RSAPrivateKey) -> int:
        token = token_for(alice, kid=kid, key=key)
        return APIClient().get("/api/who", headers={"Authorization": f"Bearer {token}"}).status_code

    return make


def time_passes(seconds: float) -> None:
    auth.signing_keys._asked -= seconds + 1


def test_tokens_of_before_during_and_after_a_rotation_are_good(
    ask: Callable[..., int], auth_service: KeyServer, old: rsa.RSAPrivateKey, new: rsa.RSAPrivateKey
) -> None:
    assert ask("old", old) == 200
    auth_service.keys = {"old": old, "new": new}
    time_passes(SigningKeys.KEEP_SECONDS)
    assert [ask("old", old), ask("new", new), ask("old", old)] == [200, 200, 200]
    assert auth_service.asked == 2
    auth_service.keys = {"new": new}
    time_passes(SigningKeys.KEEP_SECONDS)
    assert [ask("new", new), ask("old", old)] == [200, 401]


def test_a_key_that_is_not_known_yet_is_asked_for(
    ask: Callable[..., int], auth_service: KeyServer, old: rsa.RSAPrivateKey, new: rsa.RSAPrivateKey
) -> None:
    assert ask("old", old) == 200
    auth_service.keys = {"old": old, "new": new}
    time_passes(SigningKeys.ASK_AGAIN_SECONDS)
    assert ask("new", new) == 200


def test_a_flood_of_forged_key_ids_is_one_question(
    ask: Callable[..., int], auth_service: KeyServer, old: rsa.RSAPrivateKey
) -> None:
    assert [ask(uuid.uuid4().hex, old) for _ in range(50)] == [401] * 50
    assert ask("old", old) == 200
    assert auth_service.asked == 1
    time_passes(SigningKeys.ASK_AGAIN_SECONDS)
    assert [ask(uuid.uuid4().hex, old) for _ in range(50)] == [401] * 50
    assert auth_service.asked == 2


def test_many_at_once_who_need_the_first_key_are_one_question(auth_service: KeyServer) -> None:
    keys, start, found = SigningKeys(), threading.Barrier(8), []

    def one() -> None:
        start.wait()
        found.append(keys.get("old"))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert None not in found
    assert auth_service.asked == 1


def test_keys_in_hand_serve_while_auth_service_is_away(
    ask: Callable[..., int], settings: Any, old: rsa.RSAPrivateKey, new: rsa.RSAPrivateKey
) -> None:
    assert ask("old", old) == 200
    settings.AUTH_URL = "http://127.0.0.1:1"
    for _ in range(3):
        time_passes(SigningKeys.KEEP_SECONDS)
        assert ask("old", old) == 200
    # Whether this one is good nobody can say now: that is no reason to sign somebody out.
    assert ask("new", new) == 503


def test_without_any_key_the_answer_is_503_until_auth_service_is_there(
    ask: Callable[..., int], auth_service: KeyServer, settings: Any, old: rsa.RSAPrivateKey
) -> None:
    settings.AUTH_URL = "http://127.0.0.1:1"
    assert ask("old", old) == 503
    settings.AUTH_URL = auth_service.url
    assert ask("old", old) == 503
    assert auth_service.asked == 0
    time_passes(SigningKeys.AFTER_FAILURE_SECONDS)
    assert ask("old", old) == 200


@pytest.mark.parametrize("answer", [b"", b"{", b"[]", b'{"keys": []}', b'{"keys": [{"kid": "old"}]}'])
def test_an_answer_that_is_no_key_set_leaves_the_keys_in_hand(
    ask: Callable[..., int],
    auth_service: KeyServer,
    old: rsa.RSAPrivateKey,
    monkeypatch: pytest.MonkeyPatch,
    answer: bytes,
) -> None:
    assert ask("old", old) == 200
    monkeypatch.setattr(auth_service, "answer", lambda: answer)
    time_passes(SigningKeys.KEEP_SECONDS)
    assert ask("old", old) == 200
    assert auth_service.asked == 2


def test_a_token_that_was_good_ends_with_its_key(
    auth_service: KeyServer,
    token_for: Callable[..., str],
    alice: Caller,
    old: rsa.RSAPrivateKey,
    new: rsa.RSAPrivateKey,
) -> None:
    token = token_for(alice, kid="old", key=old)

    def status() -> int:
        return APIClient().get("/api/who", headers={"Authorization": f"Bearer {token}"}).status_code

    assert [status(), status()] == [200, 200]
    auth_service.keys = {"new": new}
    time_passes(SigningKeys.KEEP_SECONDS)
    assert [status(), status()] == [401, 401]
