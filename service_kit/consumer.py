"""`sync_events`: validate, apply in a transaction, commit, acknowledge. What cannot be applied ends in <queue>.dlq, never nowhere.

Between the events may come a question of their owner, which wants to know what the copies hold by now (reconcile.py)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection, transaction
from pika.adapters.blocking_connection import BlockingChannel
from pika.spec import Basic, BasicProperties
from structlog.contextvars import bound_contextvars

from service_kit.events import Envelope, InvalidEvent, decode
from service_kit.faults import fault_point
from service_kit.messaging import connect, quietly
from service_kit.reconcile import Copies, answer
from service_kit.replicas import Handlers

log = structlog.get_logger(__name__)
T = TypeVar("T")
TRIES_IN_PROCESS = 3
RETRY_AT_ONCE = {
    "40001",
    "40P01",
}  # serialization failure, deadlock: the same again may well succeed


class DatabaseAway(Exception):
    """The database does not answer: nothing is wrong with the message."""


def sqlstate(error: BaseException) -> str | None:
    return getattr(error.__cause__, "pgcode", None)


def database_is_away(error: Error) -> bool:
    """Whether the connection or the server failed, rather than what we asked of it."""
    if isinstance(error, InterfaceError):
        return True
    code = sqlstate(error)
    return isinstance(error, OperationalError) and (code is None or code[:2] in {"08", "53", "57", "58"})


@contextmanager
def database_may_be_away() -> Iterator[None]:
    """Turns the errors of a database that does not answer into DatabaseAway, and lets go of the broken connection."""
    try:
        yield
    except Error as error:
        if not database_is_away(error):
            raise
        connection.close()
        raise DatabaseAway(str(error).strip()) from error


def apply(body: bytes, handlers: Handlers, *, publisher: str | None = None) -> Envelope:
    """Decode one message and run its handler in one transaction.

    `publisher` is the broker user that the message was sent by, where known: only an event's owner may send it.
    Raises InvalidEvent (the message is bad), DatabaseAway, or what the handler raised.
    """
    envelope = decode(body)
    event = envelope.event
    if publisher is not None and publisher != event.owner:
        raise InvalidEvent(f"{event.type} was sent by {publisher!r}, but only {event.owner!r} may")
    handler = handlers.get(type(event))
    if handler is None:
        raise InvalidEvent(f"{event.type} has no handler here")
    for attempt in range(1, TRIES_IN_PROCESS + 1):
        try:
            # Bound, so that what the handler logs and publishes belongs to the request that the event began with.
            with (
                bound_contextvars(correlation_id=envelope.correlation_id),
                database_may_be_away(),
                transaction.atomic(),
            ):
                handler(event, envelope)
            return envelope
        except Error as error:
            if sqlstate(error) not in RETRY_AT_ONCE or attempt == TRIES_IN_PROCESS:
                raise
    raise AssertionError("unreachable")


class EventConsumer:
    """The job of one queue: each call waits up to a second for messages and says whether one came.

    The queue is declared by the broker's definitions; a missing one is an error here, not a new queue nobody feeds.
    """

    def __init__(self, queue: str, handlers: Handlers, copies: Copies | None = None, *, url: str | None = None) -> None:
        self.queue, self.handlers, self.copies = queue, handlers, copies or {}
        self._url = url or settings.BROKER_URL
        self._channel: BlockingChannel | None = None
        self._handled = 0

    def __call__(self) -> int:
        self._handled = 0
        channel = self._open()
        channel.connection.process_data_events(time_limit=1)
        return self._handled

    def _open(self) -> BlockingChannel:
        # A broker that drops the queue ends the consumer and leaves the channel open: it would wait for ever, in silence.
        if self._channel is None or not self._channel.is_open or not self._channel.consumer_tags:
            self.close()
            link = connect(self._url, name=f"{settings.SERVICE} {self.queue}")
            self._channel = link.channel()
            # With more than one in hand, a message that kills the process would take its neighbours' tries along.
            self._channel.basic_qos(prefetch_count=1)
            self._channel.basic_consume(self.queue, self._on_message)
        return self._channel

    def close(self) -> None:
        channel, self._channel = self._channel, None
        if channel is not None and channel.connection.is_open:
            quietly(channel.connection.close)

    def _on_message(
        self,
        channel: BlockingChannel,
        method: Basic.Deliver,
        properties: BasicProperties,
        body: bytes,
    ) -> None:
        tag = method.delivery_tag
        structlog.contextvars.clear_contextvars()
        try:
            if properties.reply_to:
                self._answer(channel, properties, body)
            else:
                self._apply(channel, properties, body)
        except InvalidEvent as error:
            log.error(
                "event rejected",
                queue=self.queue,
                reason=str(error),
                dead_letter=f"{self.queue}.dlq",
            )
            channel.basic_reject(tag, requeue=False)
        except Exception:
            tries = int((properties.headers or {}).get("x-delivery-count", 0)) + 1
            log.exception("event failed", queue=self.queue, tries=tries)
            self._pause(channel, min(0.2 * 2**tries, 5))
            # reject, never nack: newer brokers do not count a nack toward the delivery limit.
            channel.basic_reject(tag, requeue=True)
        else:
            fault_point("after_commit_before_ack")
            channel.basic_ack(tag)
        self._handled += 1

    def replay(self, body: bytes, properties: BasicProperties) -> Envelope:
        """Apply one message, which need not come from the queue. Raises as `apply`."""
        return apply(body, self.handlers, publisher=properties.user_id or "(unknown)")

    def _apply(self, channel: BlockingChannel, properties: BasicProperties, body: bytes) -> None:
        envelope = self._when_database_answers(channel, lambda: self.replay(body, properties))
        log.info(
            "event applied", queue=self.queue, type=envelope.event.type, version=envelope.version,
            correlation_id=envelope.correlation_id,
        )  # fmt: skip

    def _answer(self, channel: BlockingChannel, properties: BasicProperties, body: bytes) -> None:
        def read() -> bytes:
            with database_may_be_away():
                return answer(body, self.copies, asker=properties.user_id)

        reply = self._when_database_answers(channel, read)
        # An asker that has given up takes no reply any more: then the broker drops it.
        channel.basic_publish("", properties.reply_to, reply, BasicProperties(correlation_id=properties.correlation_id))

    def _when_database_answers(self, channel: BlockingChannel, work: Callable[[], T]) -> T:
        """Hold the message while the database is away: it is not the message's fault, so its tries are not used up."""
        wait = 0.5
        while True:
            try:
                return work()
            except DatabaseAway as away:
                log.warning(
                    "database away, holding the event",
                    queue=self.queue,
                    error=str(away),
                    retry_in=wait,
                )
                self._pause(channel, wait)
                wait = min(wait * 2, 15)

    def _pause(self, channel: BlockingChannel, seconds: float) -> None:
        """Wait while heartbeats go on; a lost connection ends the wait as an AMQPError, and the broker delivers again."""
        channel.connection.sleep(seconds)
