"""One process's open streams and what they are sent: each only what its caller may see.

Notices name what changed; many of them within a moment become one look at the database, and only at devices that somebody watches.
"""

import asyncio
import itertools
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog
from django.db import Error, close_old_connections, connection
from rest_framework.exceptions import APIException, AuthenticationFailed

from monitoring_service.live import queries
from monitoring_service.live.queries import Sight, Span
from service_kit.auth import Caller, TokenAuthentication

log = structlog.get_logger(__name__)
T = TypeVar("T")
GATHER_SECONDS = 0.2
REMEMBERED = 10_000
WAITING_AT_MOST = 2_000
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class News:
    """What is to be told of a device, and the time of the device that it shows."""

    name: str
    device_id: UUID
    begin: datetime
    end: datetime
    shown: dict[str, Any]


@dataclass(frozen=True)
class LiveEvent:
    """The same with its number, as it goes over the wire."""

    number: int
    news: News
    body: bytes


@dataclass(eq=False)
class Stream:
    """One caller's open connection. `None` in the queue ends it."""

    caller: Caller
    token: str
    sight: Sight
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(WAITING_AT_MOST))

    def offer(self, event: LiveEvent) -> None:
        if self.sight.of(event.news.device_id, event.news.begin, event.news.end):
            self.put(event.body)

    def put(self, body: bytes | None) -> None:
        try:
            self.queue.put_nowait(body)
        except asyncio.QueueFull:
            # Somebody who reads too slowly starts again, with Last-Event-ID, instead of filling our memory.
            self.end()

    def end(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class Hub:
    def __init__(self) -> None:
        self.streams: set[Stream] = set()
        self._epoch = time.time_ns() // 1_000_000  # tells the ids of this process from those of one before it
        self._numbers = itertools.count(1)
        self._past: deque[LiveEvent] = deque(maxlen=REMEMBERED)
        self._pending: dict[UUID, Span] = {}
        self._sending: asyncio.TimerHandle | None = None
        self._status: dict[UUID, str] = {}
        self._access_lock = asyncio.Lock()
        self._access_stale = False
        self._tasks: set[asyncio.Task[None]] = set()
        # Two threads, so two database connections, whatever the number of streams.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="database")

    async def ask(self, question: Callable[..., T], *args: Any) -> T:
        """Run a query on a database thread."""

        def work() -> T:
            close_old_connections()
            try:
                return question(*args)
            except Error:
                connection.close()
                raise

        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    # ── streams ─────────────────────────────────────────────────────────────────────────────────────────────────────

    async def open(self, token: str, last_event_id: str) -> Stream:
        """A stream for the bearer of this access token. Raises AuthenticationFailed."""
        caller = await self.ask(TokenAuthentication().caller, token)
        stream = Stream(caller, token, await self.ask(queries.sight_of, caller))
        self.streams.add(stream)
        for event in await self._missed(stream, last_event_id):
            stream.offer(event)
        return stream

    def close(self, stream: Stream) -> None:
        self.streams.discard(stream)

    async def _missed(self, stream: Stream, last_event_id: str) -> Iterable[LiveEvent]:
        """What came after the event with that id; when it is not remembered any more, the present state instead."""
        if not last_event_id:
            return []
        epoch, _, number = last_event_id.partition("-")
        oldest = self._past[0].number if self._past else None
        if epoch == str(self._epoch) and number.isdigit() and oldest is not None and oldest <= int(number) + 1:
            return [event for event in self._past if event.number > int(number)]
        now = int(time.time())
        spans = dict.fromkeys(stream.sight.devices, (now - 2 * 3600, now))
        return [self._numbered(news) for news in await self.ask(_present, spans)]

    async def check_access(self) -> None:
        """Look again at who may see what: streams of callers who may not any more, or see less, end."""
        self._access_stale = True
        # A thousand assignments in a row become two looks: the one under way and one after it.
        async with self._access_lock:
            if not self._access_stale:
                return
            self._access_stale = False
            await self._check_access()

    async def _check_access(self) -> None:
        for stream in list(self.streams):
            try:
                stream.caller = await self.ask(TokenAuthentication().caller, stream.token)
                sight = await self.ask(queries.sight_of, stream.caller)
            except AuthenticationFailed:
                stream.end()
                continue
            except APIException as error:
                log.warning("access not checked", error=str(error.detail))
                continue
            if stream.sight.devices - sight.devices:
                stream.end()
            stream.sight = sight

    # ── what happened ───────────────────────────────────────────────────────────────────────────────────────────────

    def on_notice(self, text: str) -> None:
        """A notice of `announce.py`."""
        notice = msgspec.json.decode(text)
        if notice.get("access"):
            self._start(self.check_access())
        for device, (first, last) in notice.get("hours", {}).items():
            self._note(UUID(device), first, last)

    def on_gap(self) -> None:
        """Notices may have been lost: look at everything that is watched."""
        now = int(time.time())
        for device in self._watched():
            self._note(device, now - 2 * 3600, now)
        self._start(self.check_access())

    def _note(self, device: UUID, first: int, last: int) -> None:
        low, high = self._pending.get(device, (first, last))
        self._pending[device] = (min(low, first), max(high, last))
        if self._sending is None:
            loop = asyncio.get_running_loop()
            self._sending = loop.call_later(GATHER_SECONDS, lambda: self._start(self._send()))

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # The streams go on; the next notice, or the next reconnection, brings the newer state.
            log.error("live update failed", error=f"{type(error).__name__}: {error}")

    def _watched(self) -> set[UUID]:
        return set().union(*(stream.sight.devices for stream in self.streams))

    async def _send(self) -> None:
        pending, self._pending, self._sending = self._pending, {}, None
        watched = self._watched()
        spans = {device: span for device, span in pending.items() if device in watched}
        if spans:
            self._broadcast(await self.ask(_present, spans))

    async def check_statuses(self) -> None:
        """Tell of devices that fell silent or came back since the last look."""
        if not (watched := self._watched()):
            return
        now, changed = datetime.now(UTC), []
        for device, (status, last_seen) in (await self.ask(queries.statuses, watched)).items():
            before = self._status.get(device)
            self._status[device] = status
            if before is not None and before != status:
                shown = {"device_id": device, "status": status, "last_seen": last_seen}
                changed.append(News("device-status", device, now, now, shown))
        self._broadcast(changed)

    def _broadcast(self, news: Iterable[News]) -> None:
        for each in news:
            event = self._numbered(each)
            self._past.append(event)
            for stream in self.streams:
                stream.offer(event)

    def _numbered(self, news: News) -> LiveEvent:
        number = next(self._numbers)
        head = f"id: {self._epoch}-{number}\nevent: {news.name}\ndata: ".encode()
        return LiveEvent(number, news, head + msgspec.json.encode(news.shown) + b"\n\n")


def _present(spans: dict[UUID, Span]) -> list[News]:
    """The newest readings and the hours of these spans as they are now. Runs on a database thread."""
    news = [
        News("hour", hour.device_id, hour.start, hour.start + HOUR, asdict(hour))
        for hour in queries.changed_hours(spans)
    ]
    for newest in queries.newest_readings(spans):
        shown = {"device_id": newest.device_id, "timestamp": newest.at, "value": newest.value}
        news.append(News("measurement", newest.device_id, newest.at, newest.at, shown))
    return news
