"""Event -> function: all that this service listens to; and the copies that it keeps by that."""

from monitoring_service.alerts.handlers import HANDLERS as ALERTS
from monitoring_service.devices.handlers import HANDLERS as DEVICES
from monitoring_service.devices.models import Device, Plant, Tariff
from monitoring_service.forecasts.handlers import HANDLERS as FORECASTS
from monitoring_service.people.handlers import HANDLERS as PEOPLE
from monitoring_service.people.models import Profile, User
from service_kit.events import DeviceUpdated, PlantUpdated, ProfileUpdated, TariffUpdated, UserUpdated
from service_kit.reconcile import Copies
from service_kit.replicas import Handlers, copy_of

HANDLERS: Handlers = {**PEOPLE, **DEVICES, **FORECASTS, **ALERTS}
COPIES: Copies = {
    UserUpdated: copy_of(User),
    ProfileUpdated: copy_of(Profile),
    DeviceUpdated: copy_of(Device),
    PlantUpdated: copy_of(Plant),
    TariffUpdated: copy_of(Tariff),
}
