"""Settings come from the environment, once, at start; a missing or malformed one stops the process and is named."""

import os
from collections.abc import Callable
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

T = TypeVar("T")
_REQUIRED = object()


class BadSetting(ImproperlyConfigured):
    """A variable is missing or malformed: the message names it and says what would do."""


def env(name: str, default: object = _REQUIRED) -> str:
    """The variable's text. Raises BadSetting when it is neither set nor defaulted."""
    value = os.environ.get(name)
    if value is not None and value != "":
        return value
    if default is _REQUIRED:
        raise BadSetting(f"{name} is not set. Add it to .env (README.md lists every variable) and start again.")
    return str(default)


def _parsed(name: str, default: object, parse: Callable[[str], T], wanted: str) -> T:
    text = env(name, default)
    try:
        return parse(text)
    except ValueError:
        raise BadSetting(f"{name}={text!r} is not {wanted}. Correct it in .env and start again.") from None


def env_int(name: str, default: object = _REQUIRED) -> int:
    return _parsed(name, default, int, "a whole number")


def env_count(name: str, default: object = _REQUIRED) -> int:
    """How many of something; not fewer than none."""

    def parse(text: str) -> int:
        number = int(text)
        if number < 0:
            raise ValueError(text)
        return number

    return _parsed(name, default, parse, "a whole number, 0 or more")


def env_bool(name: str, default: object = _REQUIRED) -> bool:
    def parse(text: str) -> bool:
        return {
            "true": True,
            "1": True,
            "yes": True,
            "false": False,
            "0": False,
            "no": False,
        }[text.lower()]

    def strict(text: str) -> bool:
        try:
            return parse(text)
        except KeyError:
            raise ValueError(text) from None

    return _parsed(name, default, strict, "true or false")


def env_list(name: str, default: object = _REQUIRED) -> list[str]:
    """Comma-separated; blanks are dropped, so an empty variable is an empty list."""
    if default is not _REQUIRED and not os.environ.get(name):
        return [part for part in str(default).split(",") if part]
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def env_rate(name: str, default: object = _REQUIRED) -> tuple[int, int]:
    """`30/min` is (30, 60): how many, in how many seconds."""

    def parse(text: str) -> tuple[int, int]:
        number, _, period = text.partition("/")
        seconds = {"sec": 1, "min": 60, "hour": 3600}.get(period)
        if seconds is None or int(number) < 1:
            raise ValueError(text)
        return int(number), seconds

    return _parsed(name, default, parse, "number/sec, number/min or number/hour, for example 30/min")
