"""Connections to the broker and a publisher that knows when a message has arrived."""

import time
from collections.abc import Callable
from typing import Any

import pika
from pika.adapters.blocking_connection import BlockingChannel
from pika.exceptions import AMQPConnectionError, AMQPError, ChannelClosed, ChannelWrongStateError

EXCHANGE = "ems.events"


def connect(url: str, *, name: str = "") -> pika.BlockingConnection:
    """One connection, for one thread. Every wait on it is bounded, so a frozen broker is an error and not a hang."""
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = 5
    parameters.stack_timeout = 10
    parameters.blocked_connection_timeout = 30
    if "heartbeat=" not in url:
        parameters.heartbeat = 30
    parameters.client_properties = {"connection_name": name}
    return pika.BlockingConnection(parameters)


class Publisher:
    """Publishes with confirms and `mandatory`: `publish` returns when the broker has the message in a queue, else raises.

    An idle connection may have been closed meanwhile; that is noticed at the next message and mended once.
    """

    def __init__(self, url: str, *, name: str = "publisher") -> None:
        self._url, self._name = url, name
        self._channel: BlockingChannel | None = None
        self._user = pika.URLParameters(url).credentials.username

    def _open(self) -> BlockingChannel:
        if self._channel is None or not self._channel.is_open:
            self.close()
            self._channel = connect(self._url, name=self._name).channel()
            self._channel.confirm_delivery()
        return self._channel

    def publish(
        self,
        body: bytes,
        *,
        routing_key: str,
        exchange: str = EXCHANGE,
        content_type: str = "application/cloudevents+json",
        headers: dict[str, Any] | None = None,
    ) -> None:
        """Raises UnroutableError when no queue takes the message, NackError when the broker refuses it, AMQPError when it is away."""
        properties = pika.BasicProperties(
            content_type=content_type,
            delivery_mode=pika.DeliveryMode.Persistent,
            user_id=self._user,  # the broker checks it against the login, so a receiver may trust it
            timestamp=int(time.time()),
            headers=headers,
        )
        fresh = self._channel is None

        def send() -> None:
            self._open().basic_publish(exchange, routing_key, body, properties, mandatory=True)

        try:
            send()
        except (AMQPConnectionError, ChannelClosed, ChannelWrongStateError):
            self.close()
            if fresh:
                raise
            send()

    def attend(self) -> None:
        """Answer the broker while there is nothing to publish: it takes an idle connection that sends no heartbeats for dead."""
        if self._channel is not None:
            try:
                self._channel.connection.process_data_events(0)
            except AMQPError:
                self.close()

    def close(self) -> None:
        """Let go of the connection; the next `publish` opens a new one."""
        channel, self._channel = self._channel, None
        if channel is not None and channel.connection.is_open:
            quietly(channel.connection.close)


def quietly(close: Callable[[], None]) -> None:
    """Close something whose other end may be gone already: then there is nothing left to close."""
    try:
        close()
    except (pika.exceptions.AMQPError, OSError):
        return
