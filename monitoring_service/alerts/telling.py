"""`tell_alerts`: what becomes of alerts, to whoever listens at the broker by MQTT: `energy/alerts/{device_id}`."""

import msgspec
from django.conf import settings
from django.db.models import F
from pika.exceptions import UnroutableError

from monitoring_service.alerts.models import Alert
from monitoring_service.readings.mqtt import EXCHANGE
from service_kit.messaging import Publisher

AT_ONCE = 200
_FIELDS = (
    "id", "device_id", "type", "code", "severity", "state", "start", "end", "expected_kwh", "actual_kwh", "expected_cost",
    "actual_cost", "currency", "message",
    "recommendation",
)  # fmt: skip


class TellAlerts:
    """The job: one call tells those that have changed, each confirmed by the broker before it is noted as told."""

    def __init__(self, url: str | None = None) -> None:
        self._publisher = Publisher(url or settings.METER_BROKER_URL, name=f"{settings.SERVICE} alerts")

    def __call__(self) -> int:
        waiting = list(Alert.objects.filter(told_changes__lt=F("changes")).order_by("id")[:AT_ONCE])
        if not waiting:
            self._publisher.attend()
        for alert in waiting:
            self._tell(alert)
            alert.told_changes = alert.changes  # as it was read: what changes meanwhile is told again
        Alert.objects.bulk_update(waiting, ["told_changes"])
        return len(waiting)

    def _tell(self, alert: Alert) -> None:
        body = msgspec.json.encode({name: getattr(alert, name) for name in _FIELDS})
        key = f"energy.alerts.{alert.device_id}"
        try:
            self._publisher.publish(body, routing_key=key, exchange=EXCHANGE, content_type="application/json")
        except UnroutableError:
            return  # nobody listens

    def close(self) -> None:
        self._publisher.close()
