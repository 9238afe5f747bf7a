"""Where refused readings go: `device_data_queue.dlq`, each with the reason in its header `x-error`."""

from django.conf import settings

from service_kit.messaging import Publisher

QUEUE = "device_data_queue"
DEAD_LETTERS = "device_data_queue.dlq"
_REASON_LENGTH = 500


class DeadLetters:
    """Publishes to the dead-letter queue; each call returns when the broker has confirmed it."""

    def __init__(self, url: str | None = None) -> None:
        self._publisher = Publisher(url or settings.METER_BROKER_URL, name=f"{settings.SERVICE} dead letters")

    def put(self, body: bytes, reason: str) -> None:
        """Raises AMQPError when the broker is away: then nothing of it may be acknowledged or deleted."""
        self._publisher.publish(
            body,
            routing_key=DEAD_LETTERS,
            exchange="",
            content_type="application/json",
            # A reason quotes what a meter sent, which may hold halves of characters that no header can carry.
            headers={"x-error": reason[:_REASON_LENGTH].encode(errors="replace").decode()},
        )

    def close(self) -> None:
        self._publisher.close()
