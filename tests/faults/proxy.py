"""A way between two processes on which a test can lose, hold back, answer or cut what passes."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

LONGEST = 120


class Rule:
    """What happens to requests that begin with `start`, as often as `times` says (None: while the rule is in force)."""

    def __init__(self, start: bytes, *, times: int | None, status: int = 0, hold: bool = False) -> None:
        self.start, self.times, self.status, self.hold = start, times, status, hold
        self.met = threading.Event()
        self.count = 0
        self.held: list[bytearray] = []

    def takes(self, chunk: bytes) -> bool:
        if not chunk.startswith(self.start) or (self.times is not None and self.count >= self.times):
            return False
        self.count += 1
        self.met.set()
        return True


class Proxy:
    """Listens on 127.0.0.1:`port` for what should go to 127.0.0.1:`upstream`."""

    def __init__(self, port: int, *, upstream: int) -> None:
        self.port, self.upstream = port, upstream
        self._server = socket.create_server(("127.0.0.1", port))
        self._rules: list[Rule] = []
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    # What a test says ------------------------------------------------------------------------------------------------

    @contextmanager
    def refuses(self, start: bytes, status: int, *, times: int | None = None) -> Iterator[Rule]:
        """The request gets this status from here and never arrives."""
        yield from self._while(Rule(start, times=times, status=status))

    @contextmanager
    def loses_reply(self, start: bytes, *, times: int | None = 1) -> Iterator[Rule]:
        """The request arrives, and is done; its answer is lost with the connection."""
        yield from self._while(Rule(start, times=times))

    @contextmanager
    def holds(self, start: bytes, *, times: int | None = None) -> Iterator[Rule]:
        """The request stays on its way until `deliver`; its sender hears nothing."""
        yield from self._while(Rule(start, times=times, hold=True))

    def deliver(self, rule: Rule) -> list[int]:
        """Let the held requests arrive now; the statuses they are answered with."""
        return [_delivered(self.upstream, bytes(request)) for request in rule.held]

    def cut(self) -> int:
        """Reset every connection; how many there were."""
        cut = 0
        for one in list(self._open):
            _reset(one)
            cut += 1
        return cut

    def _while(self, rule: Rule) -> Iterator[Rule]:
        self._rules.append(rule)
        try:
            yield rule
        finally:
            self._rules.remove(rule)

    # What it does ----------------------------------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            client, _ = self._server.accept()
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        try:
            upstream = socket.create_connection(("127.0.0.1", self.upstream), timeout=LONGEST)
        except OSError:
            _reset(client)
            return
        upstream.settimeout(None)
        self._open.update((client, upstream))
        losing = threading.Event()
        threading.Thread(target=self._carry_back, args=(client, upstream, losing), daemon=True).start()
        with suppress(OSError):
            while chunk := client.recv(65536):
                rule = next((rule for rule in list(self._rules) if rule.takes(chunk)), None)
                if rule is None:
                    upstream.sendall(chunk)
                elif rule.hold:
                    _keep(client, chunk, rule)
                    break
                elif rule.status:
                    _answer(client, chunk, rule.status)
                    break
                else:
                    losing.set()
                    upstream.sendall(chunk)
        self._close(client, upstream)

    def _carry_back(self, client: socket.socket, upstream: socket.socket, losing: threading.Event) -> None:
        with suppress(OSError):
            while chunk := upstream.recv(65536):
                if losing.is_set():
                    _reset(client)
                    break
                client.sendall(chunk)
        self._close(client, upstream)

    def _close(self, *pair: socket.socket) -> None:
        for one in pair:
            self._open.discard(one)
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
    one.close()


def _whole(client: socket.socket, begun: bytes) -> bytearray:
    """The request to the end of its body."""
    request = bytearray(begun)
    while b"\r\n\r\n" not in request or len(request) < _length(request):
        chunk = client.recv(65536)
        if not chunk:
            break
        request += chunk
    return request


def _length(request: bytearray) -> int:
    head, _, _ = bytes(request).partition(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return len(head) + 4 + int(line.split(b":")[1])
    return len(head) + 4


def _keep(client: socket.socket, begun: bytes, rule: Rule) -> None:
    rule.held.append(_whole(client, begun))
    client.recv(1)  # until the sender gives up


def _answer(client: socket.socket, begun: bytes, status: int) -> None:
    _whole(client, begun)
    body = b'{"detail": "not now"}'
    head = f"HTTP/1.1 {status} No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    client.sendall(head.encode() + body)
    client.shutdown(socket.SHUT_WR)
    client.recv(1)


def _delivered(port: int, request: bytes) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as upstream:
        upstream.sendall(request)
        return int(upstream.recv(65536).split(b" ", 2)[1])
