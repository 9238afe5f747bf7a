"""The background jobs of this service, beside the Celery worker that makes the forecasts."""

from forecast_service.anomalies.services import purge_old_anomalies
from forecast_service.config.handlers import COPIES, HANDLERS
from forecast_service.forecasts.planning import plan_forecasts
from forecast_service.forecasts.services import purge_past_forecasts
from forecast_service.training.jobs import hand_out_jobs
from service_kit.consumer import EventConsumer
from service_kit.jobs import Unit, every
from service_kit.purge import purge
from service_kit.relay import RelayEvents


def jobs() -> dict[str, Unit]:
    return {
        "sync_events": EventConsumer("forecast.sync", HANDLERS, COPIES),
        "sync_hours": EventConsumer("forecast.hours", HANDLERS, COPIES),
        "relay_events": RelayEvents(),
        "plan_forecasts": every(5, plan_forecasts),
        "hand_out_jobs": every(1, hand_out_jobs),
        "purge": every(3600, lambda: purge() + purge_past_forecasts() + purge_old_anomalies()),
    }
