from forecast_service.plant_series.services import keep_series
from service_kit.events import SeriesUpdated
from service_kit.replicas import Envelope, Handlers


def on_series_updated(event: SeriesUpdated, envelope: Envelope) -> None:
    keep_series(state=event, version=envelope.version)


HANDLERS: Handlers = {SeriesUpdated: on_series_updated}
