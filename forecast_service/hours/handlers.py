from forecast_service.hours.services import keep_hours
from service_kit.events import ConsumptionHourly
from service_kit.replicas import Envelope, Handlers


def on_consumption_hourly(event: ConsumptionHourly, envelope: Envelope) -> None:
    keep_hours(hours=event.hours)


HANDLERS: Handlers = {ConsumptionHourly: on_consumption_hourly}
