"""Where refused readings go: `device_data_queue.dlq`, each with the reason in its header `x-error`."""

from typing import Any

from django.conf import settings

from monitoring_service.readings.decoding import Refusal
from service_kit.messaging import Publisher

QUEUE = "device_data_queue"
DEAD_LETTERS = "device_data_queue.dlq"
# Headers of what came by MQTT, without which it could not be replayed: the topic, and when it came.
TOPIC, ARRIVED = "x-topic", "timestamp_in_ms"
_REASON_LENGTH = 500


class DeadLetters:
    """Publishes to the dead-letter queue; each call returns when the broker has confirmed it."""

    def __init__(self, url: str | None = None) -> None:
        self._publisher = Publisher(url or settings.METER_BROKER_URL, name=f"{settings.SERVICE} dead letters")

    def put(self, refusal: Refusal) -> None:
        """Raises AMQPError when the broker is away: then nothing of it may be acknowledged or deleted."""
        # A reason quotes what a meter sent, which may hold halves of characters that no header can carry.
        headers: dict[str, Any] = {"x-error": refusal.reason[:_REASON_LENGTH].encode(errors="replace").decode()}
        if refusal.topic:
            headers |= {TOPIC: refusal.topic, ARRIVED: refusal.arrived_us // 1_000}
        self._publisher.publish(
            refusal.body,
            routing_key=DEAD_LETTERS,
            exchange="",
            content_type="application/json",
            headers=headers,
        )

    def close(self) -> None:
        self._publisher.close()
