"""A service that is nothing but the kit, for the kit's own tests."""

from service_kit.settings import *

INSTALLED_APPS += ["service_kit.tests.example"]
ROOT_URLCONF = "service_kit.tests.example.urls"
USER_REPLICA = "example.User"
OWNED = "service_kit.tests.example.owned.OWNED"
JOBS = "service_kit.tests.example.jobs"
PERSONAL_DATA = "service_kit.tests.example.handlers.personal_data"
HANDLERS = "service_kit.tests.example.handlers.HANDLERS"
