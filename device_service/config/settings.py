"""device_service: the shared settings plus the differences."""

from service_kit.environment import env
from service_kit.settings import *

INSTALLED_APPS += [
    "django_filters",
    "device_service.people",
    "device_service.plants",
    "device_service.devices",
    "device_service.mappings",
]
ROOT_URLCONF = "device_service.config.urls"
USER_REPLICA = "people.User"
PERSONAL_DATA = "device_service.people.queries.personal_data"
OWNED = "device_service.config.owned.OWNED"
JOBS = "device_service.config.jobs.jobs"
HANDLERS = "device_service.people.handlers.HANDLERS"
# The broker's HTTP console, as its administrator: nobody else may end a connection. Only the jobs have it.
BROKER_CONSOLE_URL = env("BROKER_CONSOLE_URL", "")
REST_FRAMEWORK["DEFAULT_FILTER_BACKENDS"] = [
    "django_filters.rest_framework.DjangoFilterBackend",
    "rest_framework.filters.SearchFilter",
    "device_service.filters.StableOrdering",
]
SPECTACULAR_SETTINGS |= {
    "TITLE": "Devices",
    "DESCRIPTION": "Meters, the plants they stand in, their tariffs, and who may see which of them.",
    "TAGS": [
        {"name": "devices", "description": "Meters: what each one measures and how its readings are to be understood."},
        {"name": "mappings", "description": "Who may see which device, from when to when."},
        {"name": "plants", "description": "Houses, flats and sites: zone, country, tariff and CO2 of their devices."},
        {"name": "tariffs", "description": "Prices by weekday and time of day, standing charge and feed-in."},
        {"name": "categories", "description": "Labels for devices."},
    ],
    "ENUM_NAME_OVERRIDES": {
        "DeviceKind": "device_service.devices.models.Kind",
        "ReadingKind": "device_service.devices.models.Reading",
    },
}
