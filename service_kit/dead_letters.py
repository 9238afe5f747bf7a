"""What could not be applied, as an operator looks at it: listed, shown, replayed, discarded (`manage.py dlq`).

A replay does in this process what the consumer would have done, and needs no right to publish; the highest version wins, so one
too many does no harm. A letter is acknowledged after its work: whatever ends the command leaves it in its queue.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.utils.module_loading import import_string
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import BasicProperties

from service_kit.consumer import EventConsumer
from service_kit.events import InvalidEvent, decode
from service_kit.faults import fault_point
from service_kit.messaging import connect, quietly

# Raises when the message still cannot be taken in, with the reason as its text.
Replay = Callable[[bytes, BasicProperties], object]


@dataclass(frozen=True)
class DeadLetterQueue:
    """A queue of dead letters that this service may read, and how one of them is tried again."""

    name: str
    url: str
    replay: Replay


def queues_here() -> list[DeadLetterQueue]:
    """Those of this service's consumers, and what settings.DEAD_LETTERS adds."""
    units = import_string(settings.JOBS)().values()
    found = [
        DeadLetterQueue(f"{unit.queue}.dlq", settings.BROKER_URL, unit.replay)
        for unit in units
        if isinstance(unit, EventConsumer)
    ]
    return found + (import_string(settings.DEAD_LETTERS)() if settings.DEAD_LETTERS else [])


@dataclass(frozen=True)
class Letter:
    """One message as it lies in its queue, numbered from 1 at the oldest."""

    number: int
    tag: int
    properties: BasicProperties
    body: bytes

    @property
    def _death(self) -> dict[str, Any]:
        """The broker's own note; None of a reading, which the ingest put there itself."""
        return next(iter((self.properties.headers or {}).get("x-death", [])), {})

    @property
    def since(self) -> datetime | None:
        """When it became a dead letter."""
        died = self._death.get("time")
        if died is None and self.properties.timestamp is not None:
            return datetime.fromtimestamp(self.properties.timestamp, UTC)
        return died.replace(tzinfo=UTC) if died else None

    @property
    def reason(self) -> str:
        """Why it is here, as far as the message itself tells; what a handler raised is in the consumer's log."""
        if error := (self.properties.headers or {}).get("x-error"):
            return str(error)
        try:
            decode(self.body)
        except InvalidEvent as error:
            return str(error)
        death = self._death.get("reason")
        return {"delivery_limit": "its handler failed at every try", "rejected": "refused by the consumer"}.get(
            str(death), str(death or "unknown")
        )

    @property
    def id(self) -> str:
        """The event's id; empty for what is none."""
        return str(self._envelope().get("id", ""))

    def __str__(self) -> str:
        """One line: what it is, and of what."""
        envelope = self._envelope()
        if "type" in envelope:
            what = f"{envelope['type']} {envelope.get('subject', '')} version {envelope.get('aggregateversion')}"
            return f"{self.number}  {what}  ({self.id})"
        start = self.body[:100].decode(errors="replace")
        return f"{self.number}  {start}{' ...' if len(self.body) > 100 else ''}"

    def _envelope(self) -> dict[str, Any]:
        try:
            found = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return {}
        return found if isinstance(found, dict) else {}


class DeadLetters:
    """What lies in the queue now. Letters that are looked at are nobody else's until this is closed, and lie there again then."""

    def __init__(self, channel: BlockingChannel, queue: str) -> None:
        self._channel, self._queue = channel, queue

    def count(self) -> int:
        return int(self._channel.queue_declare(self._queue, passive=True).method.message_count)

    def __iter__(self) -> Iterator[Letter]:
        for number in range(1, self.count() + 1):
            method, properties, body = self._channel.basic_get(self._queue)
            if method is None:
                return
            yield Letter(number, method.delivery_tag, properties, body)

    def chosen(self, which: Collection[str]) -> Iterator[Letter]:
        """Those with these numbers or event ids; all when none is named."""
        left = set(which)
        for letter in self:
            named = left & {str(letter.number), letter.id}
            if named or not which:
                yield letter
            left -= named
            if which and not left:
                return
        if left:
            raise LookupError(f"{self._queue} holds no letter {', '.join(sorted(left))}. See: dlq show {self._queue}")

    def remove(self, letter: Letter) -> None:
        fault_point("after_commit_before_ack")
        self._channel.basic_ack(letter.tag)


@contextmanager
def opened(queue: DeadLetterQueue) -> Iterator[DeadLetters]:
    """Raises ChannelClosedByBroker when the queue is not there or not ours to read."""
    link = connect(queue.url, name=f"{settings.SERVICE} dead letters")
    try:
        yield DeadLetters(link.channel(), queue.name)
    finally:
        if link.is_open:
            quietly(link.close)
