""".env: read, completed for an instance, and refused with the line to correct when something is missing or malformed."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ops.console import Refusal

_PORT = re.compile(r"[1-9][0-9]{0,4}")
_SECRET = re.compile(r"[A-Za-z0-9._~-]+")
_RATE = re.compile(r"[1-9][0-9]*/(sec|min|hour)")
_NUMBER = re.compile(r"[1-9][0-9]*")
_BOOL = re.compile(r"true|false")

SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    "ENVIRONMENT": (re.compile("development|production|test"), "development, production or test"),
    "LOG_LEVEL": (re.compile("DEBUG|INFO|WARNING|ERROR"), "DEBUG, INFO, WARNING or ERROR"),
    "BIND_ADDRESS": (re.compile(r"\d+\.\d+\.\d+\.\d+"), "an IPv4 address of this machine; 0.0.0.0 means all of them"),
    **dict.fromkeys(
        (
            "GATEWAY_PORT",
            "AMQP_PORT",
            "MQTT_PORT",
            "POSTGRES_PORT",
            "BROKER_CONSOLE_PORT",
            "GATEWAY_DASHBOARD_PORT",
            "NATIVE_PORTS",
        ),
        (_PORT, "a port number from 1 to 65535"),
    ),
    "METER_AMQP_URL": (re.compile(r"amqps?://[^:@/\s]+:[^@\s]+@[^/\s]+(/\S*)?"), "amqp://meter:PASSWORD@HOST:PORT/%2F"),
    "DEMO": (_BOOL, "true or false"),
    "DEFAULT_TIMEZONE": (re.compile(r"[A-Za-z0-9_+/-]+"), "an IANA time zone such as Europe/Rome"),
    "GRACE_MINUTES": (re.compile(r"[0-9]+"), "a number of minutes"),
    "RETENTION_MONTHS": (re.compile(r"[0-9]+"), "a number of months; 0 keeps readings for ever"),
    "REPORT_KEEP_DAYS": (re.compile(r"[0-9]+"), "a number of days; 0 keeps reports for ever"),
    "ALERT_KEEP_DAYS": (re.compile(r"[0-9]+"), "a number of days; 0 keeps alerts for ever"),
    "THROTTLE_LOGIN": (_RATE, "number/sec, number/min or number/hour, for example 30/min"),
    "THROTTLE_REGISTER": (_RATE, "number/sec, number/min or number/hour, for example 60/min"),
    **dict.fromkeys(
        (
            "WEB_WORKERS",
            "ACCESS_TOKEN_MINUTES",
            "REFRESH_TOKEN_DAYS",
            "SAGA_WAIT_SECONDS",
            "SAGA_DEADLINE_SECONDS",
            "SAGA_LEASE_SECONDS",
            "RESET_LINK_MINUTES",
            "FORECAST_KEEP_DAYS",
            "ANOMALY_KEEP_DAYS",
        ),
        (_NUMBER, "a number from 1"),
    ),
    "PUBLIC_URL": (re.compile(r"https?://[^\s/]+(/\S*)?"), "an address such as https://energy.example.org"),
    "MAIL_FROM": (re.compile(r"[^@\s<>]+@[^@\s<>]+"), "an e-mail address such as energy@example.org"),
    "GOOGLE_CERTS_URL": (re.compile(r"https?://\S+"), "the address of Google's certificates"),
    "REFRESH_COOKIE_SECURE": (_BOOL, "true or false"),
    "SECRET_KEY": (re.compile(r"[A-Za-z0-9._~-]{32,}"), "at least 32 letters, digits or . _ ~ -"),
    **dict.fromkeys(
        (
            "POSTGRES_PASSWORD",
            "ADMIN_BROKER_PASSWORD",
            "METER_BROKER_PASSWORD",
            *(
                f"{s}_{of}_PASSWORD"
                for s in ("AUTH", "USER", "DEVICE", "MONITORING", "FORECAST")
                for of in ("DB", "BROKER")
            ),
        ),
        (_SECRET, "letters, digits and . _ ~ - only (it becomes part of an address)"),
    ),
}
MAY_BE_EMPTY = ("CORS_ORIGINS", "MAIL_URL", "GOOGLE_CLIENT_ID")


def read(path: Path) -> dict[str, str]:
    """The file's variables. A variable of the caller's own environment wins, as it does with Docker Compose."""
    if not path.exists():
        raise Refusal(f"{path} is missing. Bring it back with: git checkout {path.name}")
    values: dict[str, str] = {}
    for number, raw in enumerate(path.read_text().splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
            raise Refusal(f"{path}, line {number}: {raw!r} is not NAME=value. Correct the line and start again.")
        values[name] = os.environ.get(name, value)
    return values


def check(values: Mapping[str, str], *, source: str = ".env") -> None:
    """Raises Refusal for the first variable that is missing or malformed, naming it, its value and what would do."""
    for name in MAY_BE_EMPTY:
        if name not in values:
            raise Refusal(f"{name} is missing from {source} (it may be empty). Add the line {name}= and start again.")
    for name, (shape, wanted) in SHAPES.items():
        value = values.get(name, "")
        if not value:
            raise Refusal(f"{name} is missing from {source}. Set it to {wanted}, and start again.")
        if not shape.fullmatch(value) or (shape is _PORT and int(value) > 65535):
            raise Refusal(f"{name}={value} in {source} is not {wanted}. Correct it and start again.")
    ports = [name for name, (shape, _) in SHAPES.items() if shape is _PORT]
    for index, name in enumerate(ports):
        for other in ports[index + 1 :]:
            if values[name] == values[other]:
                raise Refusal(f"{name} and {other} are both {values[name]} in {source}. Give each a port of its own.")


def fill(text: str, values: Mapping[str, str], *, where: str) -> str:
    """Replaces ${NAME} and ${NAME:-default} as Docker Compose does; $$ is a dollar sign."""

    def value(match: re.Match[str]) -> str:
        if match["dollar"]:
            return "$"
        found = values.get(match["name"])
        if found is None and match["default"] is None:
            raise Refusal(f"{where} needs {match['name']}. Add it to .env and start again.")
        return found or match["default"] or ""

    return re.sub(r"(?P<dollar>\$\$)|\$\{(?P<name>[A-Z0-9_]+)(?::-(?P<default>[^}]*))?\}", value, text)
