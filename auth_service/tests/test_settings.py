"""A wrong setting stops the service at its start, named, and without telling a password."""

import os
import subprocess
import sys

import pytest


def start(**changed: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "auth_service.manage", "check"]
    return subprocess.run(command, env=os.environ | changed, capture_output=True, text=True, timeout=120)


PRODUCTION = {
    "ENVIRONMENT": "production",
    "SECRET_KEY": "a-secret-of-our-own-0123456789abcdef0123456789",
    "DATABASE_URL": "postgres://auth:own@127.0.0.1:1/auth",
    "BROKER_URL": "amqp://auth:own@127.0.0.1:1/ems",
}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (PRODUCTION | {"MAIL_URL": "smtp://me:dev-mail@mail"}, "MAIL_URL still holds a development secret"),
        ({"MAIL_URL": "http://me:dev-mail@mail"}, "MAIL_URL is not of the form smtp://"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM='nobody' is not an e-mail address"),
        ({"PUBLIC_URL": "energy.example.org"}, "PUBLIC_URL='energy.example.org' is not an address such as"),
        ({"THROTTLE_LOGIN": "30 a minute"}, "THROTTLE_LOGIN='30 a minute' is not number/sec"),
        ({"RESET_LINK_MINUTES": "soon"}, "RESET_LINK_MINUTES='soon' is not a whole number"),
    ],
)
def test_a_wrong_setting_is_named(changed: dict[str, str], said: str) -> None:
    ended = start(**changed)
    assert ended.returncode == 2
    assert ended.stderr.startswith(said)
    assert ended.stderr.count("\n") == 1
    assert "dev-mail" not in ended.stderr


def test_settings_of_ones_own_are_good_for_production() -> None:
    ended = start(**PRODUCTION, MAIL_URL="smtp://me:own@mail.example.org", GOOGLE_CLIENT_ID="ems")
    assert ended.returncode == 0, ended.stderr
