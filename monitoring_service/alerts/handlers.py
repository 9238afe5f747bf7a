from monitoring_service.alerts.services import copy_anomaly
from service_kit.events import AnomalyDetected, Envelope
from service_kit.replicas import Handlers


def on_anomaly_detected(event: AnomalyDetected, envelope: Envelope) -> None:
    copy_anomaly(anomaly=event, version=envelope.version)


HANDLERS: Handlers = {AnomalyDetected: on_anomaly_detected}
