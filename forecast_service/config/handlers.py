"""Every event that this service takes in, and the function for it."""

from forecast_service.devices import handlers as devices
from forecast_service.hours import handlers as hours
from forecast_service.people.models import User
from service_kit.replicas import Handlers, user_handlers

HANDLERS: Handlers = {**user_handlers(User), **devices.HANDLERS, **hours.HANDLERS}
