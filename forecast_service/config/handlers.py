"""Every event that this service takes in, and the function for it; and the copies that it keeps by that."""

from forecast_service.anomalies import handlers as anomalies
from forecast_service.devices import handlers as devices
from forecast_service.devices.models import Device, Plant
from forecast_service.hours import handlers as hours
from forecast_service.hours.queries import versions_by_device
from forecast_service.people import handlers as people
from forecast_service.people.models import User
from forecast_service.plant_series import handlers as plant_series
from forecast_service.plant_series.queries import versions_by_series
from service_kit.events import ConsumptionHourly, DeviceUpdated, PlantUpdated, SeriesUpdated, UserUpdated
from service_kit.reconcile import Copies
from service_kit.replicas import Handlers, copy_of

HANDLERS: Handlers = {
    **people.HANDLERS,
    **devices.HANDLERS,
    **hours.HANDLERS,
    **plant_series.HANDLERS,
    **anomalies.HANDLERS,
}
COPIES: Copies = {
    UserUpdated: copy_of(User),
    DeviceUpdated: copy_of(Device),
    PlantUpdated: copy_of(Plant),
    ConsumptionHourly: versions_by_device,
    SeriesUpdated: versions_by_series,
}
