import msgspec

from monitoring_service.forecasts.models import IssuedForecast
from service_kit.events import Envelope, ForecastIssued
from service_kit.replicas import Handlers, upsert


def on_forecast_issued(event: ForecastIssued, envelope: Envelope) -> None:
    values = {"model": event.model, "issued_at": event.issued_at, "points": msgspec.to_builtins(event.points)}
    upsert(IssuedForecast, key={"scope": event.scope}, version=envelope.version, values=values)


HANDLERS: Handlers = {ForecastIssued: on_forecast_issued}
