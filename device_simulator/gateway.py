"""The public API as an administrator uses it, patient with services that are still starting."""

import random
import threading
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import structlog

from device_simulator.errors import SimulatorError

LONGEST_PAUSE_SECONDS = 15.0

#: Answers that pass by themselves: throttled, or a service that is not there yet.
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})

log = structlog.get_logger()


class Stopped(Exception):
    """SIGTERM came while waiting for the gateway."""


class GatewayRefused(SimulatorError):
    """The gateway refused a call: the message has the call, the status and the answer."""


class Gateway:
    """Calls are repeated with a growing pause until they succeed, are refused for good, or `stop` is set."""

    def __init__(self, url: str, *, username: str, password: str, stop: threading.Event) -> None:
        self._http = httpx.Client(base_url=url, timeout=20, trust_env=False)
        self._credentials = {"username": username, "password": password}
        self._stop = stop

    def call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, until_accepted: tuple[int, ...] = ()
    ) -> Any:
        """The decoded answer of a 2xx. `until_accepted`: further statuses that pass once an event has arrived.

        Raises GatewayRefused for any other answer and Stopped when SIGTERM comes first.
        """
        pause = 0.5
        while True:
            try:
                answer = self._http.request(method, path, json=body)
                if answer.is_success:
                    return answer.json() if answer.content else None
                if answer.status_code == 401:
                    self._sign_in()
                    problem = "signed in again"
                elif answer.status_code in PASSING or answer.status_code in until_accepted:
                    problem = f"{answer.status_code} {answer.text[:200]}"
                else:
                    raise GatewayRefused(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
            except httpx.TransportError as error:
                problem = f"{type(error).__name__} {error}"
            log.info("waiting for the gateway", call=f"{method} {path}", answer=problem, again_in=round(pause, 1))
            if self._stop.wait(pause * random.uniform(0.7, 1.0)):
                raise Stopped
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    def pages(self, path: str) -> Iterator[Mapping[str, Any]]:
        """Every entry of a paginated list."""
        query: dict[str, list[str]] = {}
        while True:
            page = self.call("GET", str(httpx.URL(path, params={key: values[-1] for key, values in query.items()})))
            yield from page["results"]
            if not page["next"]:
                return
            # Only the query counts: a service behind the gateway may name itself by its inner address.
            query = parse_qs(urlsplit(page["next"]).query)

    def close(self) -> None:
        self._http.close()

    def _sign_in(self) -> None:
        answer = self._http.post("/api/auth/login", json=self._credentials, headers={"Authorization": ""})
        if answer.is_success:
            self._http.headers["Authorization"] = f"Bearer {answer.json()['access']}"
        elif answer.status_code in (400, 401, 403):
            log.warning(
                "the demo account cannot sign in; the demo goes on when it can",
                username=self._credentials["username"],
                status=answer.status_code,
            )
