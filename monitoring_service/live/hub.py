"""One process's open streams and what they are sent: each only what its caller may see.

Notices name what changed; many of them within a moment become one look at the database, and only at devices that somebody watches.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
import structlog
from django.db import Error, close_old_connections, connection

from monitoring_service.live import queries
from monitoring_service.live.queries import Admitted, Sight, Span
from service_kit.auth import Caller

log = structlog.get_logger(__name__)
T = TypeVar("T")
GATHER_SECONDS = 0.2
RETRY_SECONDS = 1
# How many events, and how long of somebody who left, are remembered for who resumes.
REMEMBERED, REMEMBERED_SECONDS = 10_000, 600
WAITING_AT_MOST = 2_000
# What is handed to a connection at once; the rest waits here, where all streams share it.
PART_BYTES = 16_384
LOOK_BACK_SECONDS = 2 * 3600
HOUR = timedelta(hours=1)
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class News:
    """What is to be told of a device, as JSON, and the time (begin, end] of the device that it shows."""

    name: str
    device_id: UUID
    begin: datetime
    end: datetime
    data: bytes

    @property
    def subject(self) -> tuple[str, UUID, datetime]:
        """News of the same subject replace each other."""
        return self.name, self.device_id, self.begin


@dataclass(frozen=True, slots=True)
class LiveEvent:
    """The same with its number, as it goes over the wire."""

    number: int
    news: News
    body: bytes


@dataclass(eq=False, slots=True)
class Stream:
    """One caller's open connection and the events that wait for it; their bytes are shared by all streams."""

    caller: Caller
    token: str
    ended: bool = False
    _waiting: deque[bytes] = field(default_factory=deque)
    _room: int = WAITING_AT_MOST
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, body: bytes) -> None:
        if len(self._waiting) >= self._room:
            # Somebody who reads too slowly starts again, with Last-Event-ID, instead of filling our memory.
            self.end()
        elif not self.ended:
            self._waiting.append(body)
            self._news.set()

    def put_first(self, bodies: list[bytes]) -> None:
        """What was missed goes before what came meanwhile, however much it is."""
        self._waiting.extendleft(reversed(bodies))
        self._room += len(bodies)
        self._news.set()

    def end(self) -> None:
        self._waiting.clear()
        self.ended = True
        self._news.set()

    async def next(self) -> bytes:
        """Events as soon as there are any, about PART_BYTES at most; none when the stream has ended."""
        await self._news.wait()
        parts: list[bytes] = []
        size = 0
        while self._waiting and size < PART_BYTES:
            parts.append(self._waiting.popleft())
            size += len(parts[-1])
        if not self._waiting and not self.ended:
            self._news.clear()
        return b"".join(parts)


@dataclass(eq=False, slots=True)
class Viewer:
    """A user with open streams, or whose last one closed at `left` and may come back, and what this user may see."""

    sight: Sight
    streams: set[Stream] = field(default_factory=set)
    left: float = 0


class Hub:
    def __init__(self) -> None:
        self._viewers: dict[UUID, Viewer] = {}
        self._epoch = time.time_ns() // 1_000_000  # tells the ids of this process from those of one before it
        self._last_number = 0
        self._past: deque[LiveEvent] = deque()
        self._told: dict[tuple[str, UUID, datetime], LiveEvent] = {}  # by subject, of what is in `_past`
        self._hours: dict[UUID, Span] = {}
        self._statuses: set[UUID] = set()  # of devices
        self._alerts: set[UUID] = set()  # ids
        self._gap = False
        self._access_notices = 0
        self._access_checked = 0
        self._noted = asyncio.Event()
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
        """A stream for the bearer of this access token. Raises AuthenticationFailed or PermissionDenied."""
        notices = self._access_notices
        admitted = await self.ask(queries.admit, token)
        sight = admitted.sight
        stream = Stream(admitted.caller, token)
        viewer = self._viewers.setdefault(admitted.caller.id, Viewer(Sight(frozenset(), None)))
        # What nobody watched is not remembered.
        was_watched = viewer.sight.devices >= sight.devices
        viewer.sight = sight
        viewer.streams.add(stream)
        if notices != self._access_notices:
            # This look may have seen the state before that change, and the change's own look has not seen this stream.
            self.access_may_have_changed()
        try:
            await self._catch_up(stream, sight, last_event_id, was_watched=was_watched)
        except BaseException:
            self.close(stream)
            raise
        return stream

    def close(self, stream: Stream) -> None:
        viewer = self._viewers.get(stream.caller.id)
        if viewer is not None:
            viewer.streams.discard(stream)
            viewer.left = time.monotonic()

    def _forget_who_left(self) -> None:
        long_ago = time.monotonic() - REMEMBERED_SECONDS
        gone = [user for user, viewer in self._viewers.items() if not viewer.streams and viewer.left < long_ago]
        for user in gone:
            del self._viewers[user]

    async def _catch_up(self, stream: Stream, sight: Sight, last_event_id: str, *, was_watched: bool) -> None:
        """First what came after the event with that id; when it is not remembered any more, the present state instead."""
        begun = self._last_number
        # With this id alone, a stream that breaks before its first event resumes here.
        stream.put(f"id: {self._epoch}-{begun}\n\n".encode())
        if not last_event_id:
            return
        epoch, _, number = last_event_id.partition("-")
        if was_watched and epoch == str(self._epoch) and number.isdecimal() and self._remembers(int(number)):
            missed = [(event.news, event.body) for event in self._past if event.number > int(number)]
        else:
            now = int(time.time())
            spans = dict.fromkeys(sight.devices, (now - LOOK_BACK_SECONDS, now))
            # Without ids of their own: only who has got all of it may resume after it.
            missed = [(news, _wire(news)) for news in await self.ask(_present, spans, sight.devices)]
        stream.put_first([body for news, body in missed if _shows(sight, news)])

    def _remembers(self, number: int) -> bool:
        oldest = self._past[0].number if self._past else self._last_number + 1
        return oldest - 1 <= number <= self._last_number

    async def _check_access(self) -> None:
        """Look again at who may see what: streams of callers who may not any more, or see less, end."""
        self._forget_who_left()
        notices = self._access_notices
        streams = [stream for viewer in self._viewers.values() for stream in viewer.streams]
        admitted = await self.ask(queries.admit_again, {stream.token: stream.caller.id for stream in streams})
        self._access_checked = notices
        sights: dict[UUID, Sight] = {}
        for stream in streams:
            found: Admitted | None = admitted.get(stream.token)
            if found is not None:
                sights[found.caller.id] = found.sight
            elif stream.token in admitted:
                stream.end()
        for user, sight in sights.items():
            if (viewer := self._viewers.get(user)) is None:
                continue
            if viewer.sight.devices - sight.devices:
                for stream in viewer.streams:
                    stream.end()
            viewer.sight = sight

    # ── what happened ───────────────────────────────────────────────────────────────────────────────────────────────

    def on_notice(self, text: str) -> None:
        """A notice of `announce.py`."""
        notice = msgspec.json.decode(text)
        if notice.get("access"):
            self.access_may_have_changed()
        for device, (first, last) in notice.get("hours", {}).items():
            self._note_hours(UUID(device), first, last)
        self._statuses.update(map(UUID, notice.get("statuses", [])))
        self._alerts.update(map(UUID, notice.get("alerts", [])))
        self._noted.set()

    def on_gap(self) -> None:
        """Notices may have been lost: look at everything that is watched."""
        now = int(time.time())
        for device in self._watched():
            self._note_hours(device, now - LOOK_BACK_SECONDS, now)
            self._statuses.add(device)
        self._gap = True
        self.access_may_have_changed()

    def access_may_have_changed(self) -> None:
        self._access_notices += 1
        self._noted.set()

    def _note_hours(self, device: UUID, first: int, last: int) -> None:
        low, high = self._hours.get(device, (first, last))
        self._hours[device] = (min(low, first), max(high, last))

    def _watched(self) -> set[UUID]:
        return set().union(*{id(viewer.sight): viewer.sight.devices for viewer in self._viewers.values()}.values())

    async def run(self) -> None:
        """Tell what is noted, one look after the other, so that nothing older overtakes what is newer."""
        while True:
            await self._noted.wait()
            await asyncio.sleep(GATHER_SECONDS)
            self._noted.clear()
            try:
                await self._tell()
            except Error as error:
                log.warning("live update waits", error=str(error).strip(), retry_in=RETRY_SECONDS)
                self._noted.set()
                await asyncio.sleep(RETRY_SECONDS)

    async def _tell(self) -> None:
        # Access first: a device that is newly somebody's is shown from its first reading on.
        if self._access_checked != self._access_notices:
            await self._check_access()
        if self._gap:
            self._alerts.update(await self.ask(queries.open_alerts))
            self._gap = False
        hours, self._hours = self._hours, {}
        changed, self._statuses = self._statuses, set()
        alerts, self._alerts = self._alerts, set()
        watched = self._watched()
        spans = {device: span for device, span in hours.items() if device in watched}
        if not spans and not changed & watched and not (alerts and watched):
            return
        try:
            self._broadcast(await self.ask(_present, spans, changed & watched, alerts))
        except Error:
            for device, span in spans.items():
                self._note_hours(device, *span)
            self._statuses |= changed & watched
            self._alerts |= alerts
            raise

    def _broadcast(self, news: list[News]) -> None:
        watchers: dict[UUID, list[Viewer]] = {each.device_id: [] for each in news}
        for viewer in self._viewers.values():
            for device in viewer.sight.devices & watchers.keys():
                watchers[device].append(viewer)
        for each in news:
            before = self._told.get(each.subject)
            if before is not None and before.news.data == each.data:
                continue
            self._last_number += 1
            event = LiveEvent(
                self._last_number, each, f"id: {self._epoch}-{self._last_number}\n".encode() + _wire(each)
            )
            self._remember(event)
            for viewer in watchers[each.device_id]:
                if _shows(viewer.sight, each):
                    for stream in viewer.streams:
                        stream.put(event.body)

    def _remember(self, event: LiveEvent) -> None:
        self._past.append(event)
        self._told[event.news.subject] = event
        if len(self._past) > REMEMBERED:
            oldest = self._past.popleft()
            if self._told[oldest.news.subject] is oldest:
                del self._told[oldest.news.subject]


def _wire(news: News) -> bytes:
    return f"event: {news.name}\ndata: ".encode() + news.data + b"\n\n"


def _shows(sight: Sight, news: News) -> bool:
    return sight.of(news.device_id, news.begin, news.end)


def _present(spans: dict[UUID, Span], statuses: Iterable[UUID], alerts: Iterable[UUID] = ()) -> list[News]:
    """The newest readings and the hours of these spans, how these devices do, and these alerts, as they are now.

    Runs on a database thread.
    """
    encode = msgspec.json.encode
    news = [
        News("hour", hour.device_id, hour.start, hour.start + HOUR, encode(asdict(hour)))
        for hour in queries.changed_hours(spans)
    ]
    for newest in queries.newest_readings(spans):
        shown = {"device_id": newest.device_id, "timestamp": newest.at, "value": newest.value}
        news.append(News("measurement", newest.device_id, newest.at - INSTANT, newest.at, encode(shown)))
    news += [
        News("device-status", noted["device_id"], noted["since"], noted["since"], encode(noted))
        for noted in queries.statuses(statuses)
    ]
    news += [
        News("alert", alert["device_id"], alert["start"], alert["start"], encode(alert))
        for alert in queries.alerts(alerts)
    ]
    return news
