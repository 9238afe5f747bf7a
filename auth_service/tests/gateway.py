"""The real gateway with the real routes, before services that a test chooses."""

import contextlib
import http.client
import http.server
import json
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ops.instances import ROOT, Instance
from ops.processes import Stack

SERVICES = ("AUTH", "USER", "DEVICE", "MONITORING", "MONITORING_LIVE", "FORECAST", "FRONTEND")


@dataclass
class Seen:
    """A request as it arrived at a service."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Echo:
    """A service that remembers what it was sent and answers 200."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)


@contextlib.contextmanager
def echo() -> Iterator[Echo]:
    upstream = Echo()

    class Answer(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            upstream.seen.append(Seen(self.command, self.path, dict(self.headers.items()), body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

        def log_message(self, *args: object) -> None:
            """Quiet: the test reads `seen`."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    upstream.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield upstream
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        return dict(json.loads(self.body))


@dataclass(frozen=True)
class Gateway:
    address: str

    def ask(self, method: str, path: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Answered:
        """The path goes out as it is written: a client library would tidy it."""
        connection = http.client.HTTPConnection(self.address, timeout=20)
        connection.putrequest(method, path)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        result = Answered(answer.status, {k.title(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return result


@contextlib.contextmanager
def gateway(folder: Path, addresses: dict[str, str], *, routes: str = "") -> Iterator[Gateway]:
    """Traefik as the stack starts it, with these services (by name, as AUTH) and an operator's own `routes` beside ours."""
    web, own = free_ports(2)
    shutil.copy(ROOT / "traefik" / "routes.yml", folder / "routes.yml")
    if routes:
        (folder / "own.yml").write_text(routes)
    environment = Stack(Instance("test")).environment("gateway")
    del environment["TRAEFIK_PROVIDERS_FILE_FILENAME"]
    environment |= {f"{name}_ADDRESS": url for name, url in addresses.items()}
    environment |= {
        "TRAEFIK_PROVIDERS_FILE_DIRECTORY": str(folder),
        "TRAEFIK_ENTRYPOINTS_WEB_ADDRESS": f"127.0.0.1:{web}",
        "TRAEFIK_ENTRYPOINTS_TRAEFIK_ADDRESS": f"127.0.0.1:{own}",
    }
    traefik = subprocess.Popen(["traefik"], env={"PATH": os.environ["PATH"], **environment})
    try:
        pause = threading.Event()
        for _ in range(400):
            with contextlib.suppress(OSError):
                # The routes are loaded when the answer is not the 404 of a gateway that has none.
                if Gateway(f"127.0.0.1:{web}").ask("GET", "/").status != 404:
                    break
            assert traefik.poll() is None, "the gateway ended"
            pause.wait(0.05)
        yield Gateway(f"127.0.0.1:{web}")
    finally:
        traefik.terminate()
        traefik.wait(20)


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
