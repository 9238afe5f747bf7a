"""Every write of alerts."""

from monitoring_service.alerts.models import Alert
from service_kit.events import AnomalyDetected


def copy_anomaly(*, anomaly: AnomalyDetected, version: int) -> bool:
    """Keep it as an alert unless a newer word of it is here; whether it was news. Called inside the consumer's transaction."""
    told = {
        "device_id": anomaly.device_id, "type": anomaly.kind, "code": anomaly.fault, "severity": anomaly.severity,
        "state": anomaly.state, "start": anomaly.start, "end": anomaly.end, "expected_kwh": anomaly.expected_kwh,
        "actual_kwh": anomaly.actual_kwh, "confidence": anomaly.confidence, "message": anomaly.message,
        "recommendation": anomaly.recommendation, "version": version,
    }  # fmt: skip
    alert, created = Alert.objects.select_for_update().get_or_create(pk=anomaly.id, defaults=told)
    if created or alert.version >= version:
        return created
    return bool(Alert.objects.filter(pk=alert.pk).update(**told))
