"""user_service: the shared settings plus the differences."""

from service_kit.settings import *

INSTALLED_APPS += ["user_service.people", "user_service.profiles"]
ROOT_URLCONF = "user_service.config.urls"
USER_REPLICA = "people.User"
PERSONAL_DATA = "user_service.profiles.queries.personal_data"
OWNED = "user_service.config.owned.OWNED"
JOBS = "user_service.config.jobs.jobs"
HANDLERS = "user_service.people.handlers.HANDLERS"
SPECTACULAR_SETTINGS |= {
    "TITLE": "Users",
    "DESCRIPTION": (
        "What people tell about themselves: names, phone and time zone. Accounts are at /api/auth/users. "
        "`DELETE /api/users/{id}`, `GET /api/users/{id}/export` and `POST /api/users/{id}/erase` concern all services: "
        "they are described among the accounts."
    ),
    "TAGS": [{"name": "users", "description": "Profiles, for their owners and for admins."}],
}
