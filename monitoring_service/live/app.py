"""`GET /api/monitoring/live`: Server-Sent Events, as a bare ASGI application: a stream here is a queue and a few hundred bytes."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import msgspec
import structlog
from django.db import Error
from rest_framework.exceptions import APIException, AuthenticationFailed

from monitoring_service.live.hub import Hub, Stream
from monitoring_service.live.listener import Listener

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = structlog.get_logger(__name__)
HEARTBEAT_SECONDS = 15
ACCESS_SECONDS = 60
RETRY_MS = 3_000


class LiveApp:
    def __init__(self) -> None:
        self.hub = Hub()
        self.listener = Listener(self.hub)
        self._background: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._background = [
                    asyncio.create_task(work) for work in (self.listener.run(), self.hub.run(), self._look_at_access())
                ]
                for task in self._background:
                    task.add_done_callback(_end_process)
                await send({"type": "lifespan.startup.complete"})
            else:
                for task in self._background:
                    task.cancel()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _look_at_access(self) -> None:
        """What no event tells of: signing keys that were withdrawn."""
        while True:
            await asyncio.sleep(ACCESS_SECONDS)
            self.hub.access_may_have_changed()

    async def _answer(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"].rstrip("/")
        if path != "/api/monitoring/live":
            await _json(send, 404, {"detail": "Not found."})
        elif scope["method"] != "GET":
            await _json(send, 405, {"detail": f'Method "{scope["method"]}" not allowed.'}, {"allow": "GET"})
        else:
            await self._stream(scope, receive, send)

    async def _stream(self, scope: Message, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        kind, _, token = headers.get("authorization", "").partition(" ")
        try:
            if kind.lower() != "bearer":
                raise AuthenticationFailed("Authentication credentials were not provided.")
            stream = await self.hub.open(token.strip(), headers.get("last-event-id", ""))
        except APIException as error:
            extra = {"www-authenticate": 'Bearer realm="api"'} if error.status_code == 401 else {}
            await _json(send, error.status_code, {"detail": str(error.detail)}, extra)
            return
        except Error as error:
            log.warning("stream refused", error=str(error).strip())
            await _json(send, 503, {"detail": "The database does not answer. Try again shortly."}, {"retry-after": "3"})
            return
        try:
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", b"text/event-stream"),
                        (b"cache-control", b"no-store"),
                        (b"x-accel-buffering", b"no"),
                    ],
                }
            )
            await _send_part(send, f"retry: {RETRY_MS}\n\n".encode())
            gone = asyncio.create_task(_end_when_disconnected(receive, stream))
            try:
                await _feed(stream, send)
            finally:
                gone.cancel()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.hub.close(stream)


async def _feed(stream: Stream, send: Send) -> None:
    """Events until the token expires, the hub ends the stream or the browser goes."""
    while (left := stream.caller.expires_at - time.time()) > 0:
        try:
            async with asyncio.timeout(min(left, HEARTBEAT_SECONDS)):
                events = await stream.next()
        except TimeoutError:
            events = b": alive\n\n" if left > HEARTBEAT_SECONDS else b""
        if not events:
            return
        await _send_part(send, events)


async def _end_when_disconnected(receive: Receive, stream: Stream) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    stream.end()


def _end_process(task: "asyncio.Task[None]") -> None:
    """Without its background a stream would stay open and silent: end, and the keeper starts anew."""
    if not task.cancelled():
        log.error("live background ended", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)


async def _send_part(send: Send, body: bytes) -> None:
    await send({"type": "http.response.body", "body": body, "more_body": True})


async def _json(send: Send, status: int, body: dict[str, Any], extra: dict[str, str] | None = None) -> None:
    headers = {"content-type": "application/json", **(extra or {})}
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": msgspec.json.encode(body)})
