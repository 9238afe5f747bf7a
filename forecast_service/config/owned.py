"""What this service owns and others copy. Not compared with its copies: each hour's forecast replaces the last, and an anomaly ends."""

from forecast_service.anomalies.models import Anomaly
from forecast_service.anomalies.services import anomaly_state
from forecast_service.forecasts.queries import told_forecasts
from forecast_service.forecasts.services import forecast_state
from service_kit.events import AnomalyDetected, ForecastIssued
from service_kit.owned import OwnedRows

OWNED = (
    OwnedRows(ForecastIssued, told_forecasts, forecast_state),
    OwnedRows(AnomalyDetected, Anomaly.objects.all, anomaly_state),
)
