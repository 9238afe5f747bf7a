"""The demo data, seen as a user sees it: through the gateway, as Alice."""

import json
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from ops.console import Refusal, say, step

WITHIN = 240
METERS = 5
PAST = timedelta(days=55)


def _ask(url: str, *, token: str = "", body: object = None) -> Any:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=10) as answer:
        return json.load(answer)


def missing(gateway: str, token: str) -> str | None:
    """What of the demo data is not there yet, or None."""
    devices = _ask(f"{gateway}/api/devices", token=token)["results"]
    if len(devices) < METERS:
        return f"{len(devices)} of {METERS} meters"
    now = datetime.now(UTC)
    for day in ((now - PAST).date(), (now - timedelta(days=1)).date()):
        for device in devices[:METERS]:
            path = f"/api/monitoring/hourly/daily?device_id={device['id']}&date={day}"
            if not any(hour["kwh"] is not None for hour in _ask(gateway + path, token=token)["hours"]):
                return f"readings of {device['name']} on {day}"
    return None


def wait(gateway: str) -> None:
    """Waits until Alice sees her meters with eight weeks of past. Raises Refusal with what is missing."""
    token, lacks = "", "an answer"
    deadline, report = time.monotonic() + WITHIN, time.monotonic() + 5
    with step("Loading the demo data (a plant, five meters, eight weeks of readings)"):
        while time.monotonic() < deadline:
            try:
                if not token:
                    login = {"username": "alice", "password": "alice123"}
                    token = _ask(f"{gateway}/api/auth/login", body=login)["access"]
                found = missing(gateway, token)
                if found is None:
                    return
                lacks = found
            except urllib.error.HTTPError as error:
                if error.code == 401 and not token:
                    say("Alice has a password of her own now: not looking whether the demo data is complete.")
                    return
                lacks = f"{error.url} answers {error.code}"
                token = "" if error.code == 401 else token
            except OSError as error:
                lacks = str(error)
            if time.monotonic() > report:
                say(f"Waiting for {lacks}")
                report += 5
            time.sleep(1)
    raise Refusal(
        f"The stack runs, but its demo data is not complete after {WITHIN} s: waiting for {lacks}. "
        "See why with: make logs SERVICE=simulator"
    )


def welcome(gateway_port: str, *, demo: bool) -> str:
    lines = [f"\nReady: http://localhost:{gateway_port}"]
    if demo:
        lines.append("Sign in as admin / admin123, alice / alice123 or bob / bob123")
    else:
        lines.append('There is no account yet: make manage SERVICE=auth ARGS="createadmin NAME E-MAIL"')
    return "\n".join(lines)
