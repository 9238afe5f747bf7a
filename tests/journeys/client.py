"""The gateway as a caller sees it: calls that say what went wrong, and waiting with a deadline."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx

T = TypeVar("T")


class Api:
    """One caller. Every call names the statuses that it expects; any other fails the test with the whole answer."""

    def __init__(self, url: str, *, token: str = "") -> None:
        self.http = httpx.Client(base_url=url, timeout=30, trust_env=False)
        if token:
            self.http.headers["Authorization"] = f"Bearer {token}"

    def call(
        self, method: str, path: str, body: Any = None, *, expect: int | tuple[int, ...] = 200, **params: Any
    ) -> Any:
        """The decoded answer (None when it is empty). `params` is the query; a list repeats its name."""
        answer = self.http.request(method, path, json=body, params=params or None)
        expected = (expect,) if isinstance(expect, int) else expect
        if answer.status_code not in expected:
            wanted = " or ".join(map(str, expected))
            raise AssertionError(
                f"{method} {answer.request.url.raw_path.decode()} answered {answer.status_code} instead of {wanted}\n"
                f"sent: {body}\ncame: {answer.text[:2000]}\nrequest id: {answer.headers.get('X-Request-ID')}"
            )
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None

    def get(self, path: str, *, expect: int | tuple[int, ...] = 200, **params: Any) -> Any:
        return self.call("GET", path, expect=expect, **params)

    def post(self, path: str, body: Any = None, *, expect: int | tuple[int, ...] = 200) -> Any:
        return self.call("POST", path, body, expect=expect)

    def patch(self, path: str, body: Any = None, *, expect: int | tuple[int, ...] = 200) -> Any:
        return self.call("PATCH", path, body, expect=expect)

    def put(self, path: str, body: Any = None, *, expect: int | tuple[int, ...] = 200) -> Any:
        return self.call("PUT", path, body, expect=expect)

    def delete(self, path: str, *, expect: int | tuple[int, ...] = 204, **params: Any) -> Any:
        return self.call("DELETE", path, expect=expect, **params)

    def every(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All entries of a paginated list."""
        while True:
            page = self.get(path, **params)
            assert {"count", "next", "previous", "results"} <= set(page), f"{path} is not paginated: {list(page)}"
            yield from page["results"]
            if not page["next"]:
                return
            # Only the query of `next` counts here: which host it names depends on how one came in.
            params = {name: values[-1] for name, values in parse_qs(urlsplit(page["next"]).query).items()}


def wait_for(what: str, look: Callable[[], T | None], *, within: float = 60) -> T:
    """The first true value of `look`. Fails after `within` seconds with what it looked for and saw last.

    While services restart, a failed call counts as "not yet".
    """
    until = time.monotonic() + within
    pause = threading.Event()
    while True:
        seen: Any
        try:
            seen = look()
            if seen:
                return seen
        except (AssertionError, httpx.TransportError) as error:
            seen = error
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {within:g} s; last seen: {seen}")
        pause.wait(0.2)
