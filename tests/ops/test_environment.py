"""A wrong .env is refused with the variable, its value and what would do."""

from pathlib import Path

import pytest

from ops import environment
from ops.console import Refusal
from ops.instances import ROOT


@pytest.fixture
def committed() -> dict[str, str]:
    return environment.read(ROOT / ".env")


def test_the_committed_file_is_accepted(committed: dict[str, str]) -> None:
    environment.check(committed)


def test_every_variable_of_the_file_is_known(committed: dict[str, str]) -> None:
    assert set(committed) == {*environment.SHAPES, *environment.MAY_BE_EMPTY}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEWAY_PORT", "http"),
        ("GATEWAY_PORT", "70000"),
        ("DEMO", "perhaps"),
        ("THROTTLE_LOGIN", "30 a minute"),
        ("WEB_WORKERS", "0"),
        ("SECRET_KEY", "short"),
        ("AUTH_DB_PASSWORD", "with/slash"),
        ("METER_AMQP_URL", "localhost:5673"),
        ("BIND_ADDRESS", "everywhere"),
    ],
)
def test_a_malformed_value_is_named_with_what_would_do(committed: dict[str, str], name: str, value: str) -> None:
    with pytest.raises(Refusal, match=f"{name}={value}.* is not "):
        environment.check(committed | {name: value})


def test_a_missing_variable_is_named(committed: dict[str, str]) -> None:
    for name in committed:
        rest = {other: value for other, value in committed.items() if other != name}
        with pytest.raises(Refusal, match=f"{name} is missing"):
            environment.check(rest)


def test_two_variables_with_one_port_are_both_named(committed: dict[str, str]) -> None:
    with pytest.raises(Refusal, match="GATEWAY_PORT and AMQP_PORT are both 8080"):
        environment.check(committed | {"AMQP_PORT": "8080", "GATEWAY_PORT": "8080"})


def test_a_line_that_is_no_variable_is_named_with_its_number(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# fine\nDEMO true\n")
    with pytest.raises(Refusal, match="line 2: 'DEMO true' is not NAME=value"):
        environment.read(tmp_path / ".env")


def test_every_development_secret_is_recognised_as_one(committed: dict[str, str]) -> None:
    for name, value in committed.items():
        if name.endswith(("_PASSWORD", "SECRET_KEY")):
            assert value.startswith("dev-"), f"{name}: production could not tell that it is a development value"


def test_references_are_filled_as_docker_compose_does() -> None:
    values = {"USER": "x", "EMPTY": ""}
    assert environment.fill("${USER} ${EMPTY} ${NONE:-y} $$z", values, where="here") == "x  y $z"
    with pytest.raises(Refusal, match="here needs NONE"):
        environment.fill("${NONE}", values, where="here")
