"""auth_service: accounts, tokens, and the sagas that make, change and remove a user everywhere."""

from datetime import timedelta

from service_kit.environment import env_rate
from service_kit.mail import mail_from, mail_server, public_url
from service_kit.settings import *
from service_kit.settings import (
    ACCESS_TOKEN_LIFETIME,
    ENVIRONMENT,
    INSTALLED_APPS,
    MIDDLEWARE,
    REFRESH_TOKEN_LIFETIME,
    REST_FRAMEWORK,
    TOKEN_ALGORITHM,
    TOKEN_AUDIENCE,
    TOKEN_ISSUER,
    env,
    env_bool,
    env_int,
)

INSTALLED_APPS += [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django_filters",
    "auth_service.accounts",
    "auth_service.audit",
    "auth_service.throttles",
    "auth_service.mail",
    "auth_service.tokens",
    "auth_service.sagas",
]
MIDDLEWARE.insert(1, "auth_service.origin.remember_request")
ROOT_URLCONF = "auth_service.config.urls"
OWNED = "auth_service.config.owned.OWNED"
JOBS = "auth_service.config.jobs.jobs"
HANDLERS = "auth_service.accounts.handlers.HANDLERS"
HEALTH_CHECKS = {"signing_key": "auth_service.tokens.keys.health"}
HEALTH_WARNINGS = {"sagas": "auth_service.sagas.queries.overdue"}
REST_FRAMEWORK["DEFAULT_AUTHENTICATION_CLASSES"] = ["auth_service.tokens.authentication.AccountAuthentication"]

AUTH_USER_MODEL = "accounts.Account"
# Usernames are unique by Lower(username), which this check does not see.
SILENCED_SYSTEM_CHECKS = ["auth.E003"]
PASSWORD_HASHERS = [
    "auth_service.accounts.hashers.Argon2",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

# The private keys live outside the image and the database: only this service can read them.
KEY_DIR = env("KEY_DIR")
SIMPLE_JWT = {
    "ALGORITHM": TOKEN_ALGORITHM,
    "AUDIENCE": TOKEN_AUDIENCE,
    "ISSUER": TOKEN_ISSUER,
    "ACCESS_TOKEN_LIFETIME": ACCESS_TOKEN_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": REFRESH_TOKEN_LIFETIME,
    "USER_ID_CLAIM": "sub",
    "SIGNING_KEY": "",
}
REFRESH_COOKIE_SECURE = env_bool("REFRESH_COOKIE_SECURE", "false")

# The gateway limits the same calls of an address, but by itself; these hold for all gateways and workers together.
THROTTLES = {
    "login": env_rate("THROTTLE_LOGIN", "30/min"),
    "recover": env_rate("THROTTLE_LOGIN", "30/min"),
    "register": env_rate("THROTTLE_REGISTER", "60/min"),
}

# Mail, with links that lead to the dashboard.
PUBLIC_URL = public_url()
MAIL_FROM = mail_from()
MAIL_SERVER = mail_server(ENVIRONMENT)
RESET_LINK_LIFETIME = timedelta(minutes=env_int("RESET_LINK_MINUTES", 60))

# Empty: nobody signs in with Google.
GOOGLE_CLIENT_ID = env("GOOGLE_CLIENT_ID", "")
GOOGLE_CERTS_URL = env("GOOGLE_CERTS_URL", "https://www.googleapis.com/oauth2/v1/certs")

USER_URL = env("USER_URL")
DEVICE_URL = env("DEVICE_URL")
MONITORING_URL = env("MONITORING_URL")
FORECAST_URL = env("FORECAST_URL")
# How long an export waits for the parts that the other services hold.
EXPORT_WAIT_SECONDS = 30
# How long a web request waits for its saga before it answers 202, and how long a saga tries before it undoes itself.
SAGA_WAIT_SECONDS = env_int("SAGA_WAIT_SECONDS", 8)
SAGA_DEADLINE_SECONDS = env_int("SAGA_DEADLINE_SECONDS", 60)
# After how long a runner that stopped in the middle is taken for dead. No step's call lasts as long.
SAGA_LEASE_SECONDS = env_int("SAGA_LEASE_SECONDS", 30)
