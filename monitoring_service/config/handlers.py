"""Event -> function: all that this service listens to."""

from monitoring_service.devices.handlers import HANDLERS as DEVICES
from monitoring_service.forecasts.handlers import HANDLERS as FORECASTS
from monitoring_service.people.handlers import HANDLERS as PEOPLE
from service_kit.replicas import Handlers

HANDLERS: Handlers = {**PEOPLE, **DEVICES, **FORECASTS}
