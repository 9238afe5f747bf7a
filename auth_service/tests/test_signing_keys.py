"""A signing key is published before it signs and kept until its last token has expired; nobody is signed out by that."""

import stat
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from auth_service.accounts.models import Account
from auth_service.audit.models import AuditEntry
from auth_service.tokens import keys
from service_kit.auth import LEEWAY
from service_kit.testing import KID

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """`clock(timedelta(minutes=11))`: that much later, for the keys."""
    now = timezone.now

    def move(by: timedelta) -> None:
        monkeypatch.setattr(keys.timezone, "now", lambda: now() + by)

    return move


@pytest.fixture
def login(account: Callable[..., Account]) -> Callable[[], dict[str, Any]]:
    account("alice")
    wanted = {"username": "alice", "password": "correct horse battery"}
    return lambda: APIClient().post("/api/auth/login", wanted).json()


def kid(token: str) -> str:
    return jwt.get_unverified_header(token)["kid"]


def published() -> jwt.PyJWKSet:
    return jwt.PyJWKSet(APIClient().get("/api/auth/.well-known/jwks.json").json()["keys"])


def validated(tokens: dict[str, Any]) -> int:
    headers = {"Authorization": f"Bearer {tokens['access']}"}
    return APIClient().get("/api/auth/validate", headers=headers).status_code


def refreshed(tokens: dict[str, Any]) -> int:
    return APIClient().post("/api/auth/refresh", {"refresh": tokens["refresh"]}).status_code


def test_a_new_key_is_published_at_once_and_signs_when_everybody_can_have_it(
    login: Callable[[], dict[str, Any]], clock: Callable[[timedelta], None], capsys: Any
) -> None:
    before = login()
    call_command("rotate_signing_key")
    (new,) = [key.key_id for key in published().keys if key.key_id != KID]
    assert f"Key {new} is published and signs from " in capsys.readouterr().out
    assert list(AuditEntry.objects.filter(action="key_rotated").values_list("actor", "changed")) == [(None, [])]
    during = login()
    assert kid(during["access"]) == kid(during["refresh"]) == kid(before["access"]) == KID
    clock(keys.SETTLE + timedelta(seconds=1))
    after = login()
    assert kid(after["access"]) == kid(after["refresh"]) == new
    for tokens in (before, during, after):
        key = published()[kid(tokens["access"])].key
        claims = jwt.decode(tokens["access"], key, algorithms=["RS256"], audience="ems", issuer="ems-auth")
        assert claims["username"] == "alice"
        assert (validated(tokens), refreshed(tokens)) == (200, 200)


def test_an_old_key_goes_when_its_last_token_has_expired_and_not_before(
    login: Callable[[], dict[str, Any]], clock: Callable[[timedelta], None], settings: Any
) -> None:
    old = login()
    new = keys.make_key()
    last = keys.SETTLE + settings.REFRESH_TOKEN_LIFETIME + LEEWAY
    clock(last - timedelta(seconds=5))
    assert keys.remove_spent_keys() == 0
    assert (validated(old), refreshed(old)) == (200, 200)
    clock(last + timedelta(seconds=5))
    assert keys.remove_spent_keys() == 1
    assert [key.key_id for key in published().keys] == [new.kid]
    assert (validated(old), refreshed(old)) == (401, 401)
    assert validated(login()) == 200


def test_the_only_key_stays_for_ever(clock: Callable[[timedelta], None]) -> None:
    clock(timedelta(days=3650))
    assert keys.remove_spent_keys() == 0
    assert [key.kid for key in keys.all_keys()] == [KID]


def test_two_rotations_in_a_row_take_their_turns(clock: Callable[[timedelta], None], signing_key: Any) -> None:
    second = keys.make_key()
    later = timezone.now() + timedelta(minutes=5)
    third = keys.store_key(rsa.generate_private_key(public_exponent=65537, key_size=2048), kid="third", made_at=later)
    for after, signer in (
        (timedelta(), KID),
        (keys.SETTLE + timedelta(minutes=1), second.kid),
        (keys.SETTLE + timedelta(minutes=6), third.kid),
    ):
        clock(after)
        assert keys.signing_key().kid == signer


def test_keys_in_wrong_hands_are_worth_nothing_from_now_on(login: Callable[[], dict[str, Any]], capsys: Any) -> None:
    stolen = login()
    call_command("rotate_signing_key", "--revoke")
    (new,) = [key.key_id for key in published().keys]
    assert capsys.readouterr().out.startswith(f"Key {new} signs from now on. Removed: 1 older key(s).")
    assert (validated(stolen), refreshed(stolen)) == (401, 401)
    assert validated(login()) == 200


def test_the_key_files_are_this_services_alone(settings: Any) -> None:
    keys.make_key()
    files = list(Path(settings.KEY_DIR).iterdir())
    assert len(files) == 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_the_published_keys_hold_no_private_part() -> None:
    answer = APIClient().get("/api/auth/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "key_ops", "n", "e", "kid", "use", "alg"}
    assert (key["alg"], key["use"], answer["Cache-Control"]) == ("RS256", "sig", "public, max-age=60")


def test_without_any_key_health_says_what_to_do(settings: Any, tmp_path: Path) -> None:
    settings.KEY_DIR = str(tmp_path / "empty")
    answer = APIClient().get("/api/auth/health")
    assert answer.status_code == 503
    assert "run auth_service's migrate once" in answer.json()["checks"]["signing_key"]


def test_a_key_made_by_a_clock_that_was_ahead_does_not_sign_yet() -> None:
    ahead: datetime = timezone.now() + timedelta(days=1)
    keys.store_key(rsa.generate_private_key(public_exponent=65537, key_size=2048), kid="ahead", made_at=ahead)
    assert keys.signing_key().kid == KID
