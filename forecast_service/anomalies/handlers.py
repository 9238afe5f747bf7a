from forecast_service.anomalies.models import Anomaly
from forecast_service.anomalies.services import teach_normal
from service_kit.events import AnomalyJudged, Envelope
from service_kit.replicas import Handlers


def on_anomaly_judged(event: AnomalyJudged, envelope: Envelope) -> None:
    if (anomaly := Anomaly.objects.filter(pk=event.id).first()) is not None:
        teach_normal(anomaly=anomaly, normal=event.normal)


HANDLERS: Handlers = {AnomalyJudged: on_anomaly_judged}
