"""The API client of the demo waits for what passes by itself and gives up on what does not."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from device_simulator.gateway import Gateway, GatewayRefused, Stopped

Answers = dict[tuple[str, str], list[tuple[int, Any]]]


@pytest.fixture
def served() -> Iterator[Callable[[Answers], tuple[str, list[str]]]]:
    """`served({("GET", "/x"): [(503, {}), (200, {})]})`: the address of a server that answers so, in turn, and its log."""
    servers = []

    def serve(answers: Answers) -> tuple[str, list[str]]:
        log: list[str] = []

        class Answer(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                self.rfile.read(length)
                log.append(f"{self.command} {self.path} {self.headers.get('Authorization', '')}".strip())
                waiting = answers[self.command, self.path]
                status, content = waiting.pop(0) if len(waiting) > 1 else waiting[0]
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *args: object) -> None:
                """Quiet: the test looks at `log`."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}", log

    yield serve
    for server in servers:
        server.shutdown()


def gateway(url: str, stop: threading.Event | None = None) -> Gateway:
    return Gateway(url, username="admin", password="admin123", stop=stop or threading.Event())


LOGIN = ("POST", "/api/auth/login")


def test_a_service_that_is_still_starting_is_waited_for(served: Callable[..., Any]) -> None:
    url, _ = served({("GET", "/x"): [(503, {}), (200, {"here": True})]})

    assert gateway(url).call("GET", "/x") == {"here": True}


def test_an_expired_token_is_renewed(served: Callable[..., Any]) -> None:
    url, log = served({("GET", "/x"): [(401, {}), (200, {})], LOGIN: [(200, {"access": "fresh"})]})

    gateway(url).call("GET", "/x")

    assert log == ["GET /x", "POST /api/auth/login", "GET /x Bearer fresh"]


def test_a_refusal_is_told_with_call_status_and_answer(served: Callable[..., Any]) -> None:
    url, _ = served({("POST", "/x"): [(400, {"name": ["too long"]})]})

    with pytest.raises(GatewayRefused, match=r"POST /x: 400 .*too long"):
        gateway(url).call("POST", "/x", {})


def test_a_refusal_that_an_event_will_lift_is_waited_for(served: Callable[..., Any]) -> None:
    url, _ = served({("POST", "/x"): [(400, {}), (201, {"id": 1})]})

    assert gateway(url).call("POST", "/x", {}, until_accepted=(400,)) == {"id": 1}


def test_every_page_is_read_whatever_host_the_next_one_names(served: Callable[..., Any]) -> None:
    first = {"results": [1, 2], "next": "http://device-web:8000/x?page=2"}
    url, _ = served({("GET", "/x"): [(200, first)], ("GET", "/x?page=2"): [(200, {"results": [3], "next": None})]})

    read: list[Any] = list(gateway(url).pages("/x"))

    assert read == [1, 2, 3]


def test_told_to_stop_it_waits_no_longer() -> None:
    stop = threading.Event()
    stop.set()

    with pytest.raises(Stopped):
        gateway("http://127.0.0.1:1", stop).call("GET", "/x")
