"""`tell_alerts`: what becomes of alerts, to whoever listens at the broker by MQTT: `energy/alerts/{device_id}`."""

import msgspec
from django.conf import settings
from django.db import transaction
from pika.exceptions import UnroutableError

from monitoring_service.alerts.models import Alert
from monitoring_service.readings.mqtt import EXCHANGE
from service_kit.messaging import Publisher

AT_ONCE = 200
_FIELDS = (
    "id", "device_id", "type", "code", "severity", "state", "start", "end", "expected_kwh", "actual_kwh", "message",
    "recommendation",
)  # fmt: skip


class TellAlerts:
    """The job: one call tells those that have changed, each confirmed by the broker before it is noted as told."""

    def __init__(self, url: str | None = None) -> None:
        self._publisher = Publisher(url or settings.METER_BROKER_URL, name=f"{settings.SERVICE} alerts")

    @transaction.atomic
    def __call__(self) -> int:
        # Locked, so that what changes meanwhile is told again and not forgotten.
        waiting = list(Alert.objects.filter(told=False).order_by("id").select_for_update().values(*_FIELDS)[:AT_ONCE])
        for alert in waiting:
            self._tell(alert)
        Alert.objects.filter(pk__in=[alert["id"] for alert in waiting]).update(told=True)
        return len(waiting)

    def _tell(self, alert: dict[str, object]) -> None:
        body = msgspec.json.encode(alert)
        key = f"energy.alerts.{alert['device_id']}"
        try:
            self._publisher.publish(body, routing_key=key, exchange=EXCHANGE, content_type="application/json")
        except UnroutableError:
            return  # nobody listens

    def close(self) -> None:
        self._publisher.close()
