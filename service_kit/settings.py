"""What every service's settings have in common: `from service_kit.settings import *`, then the differences.

A service adds its apps to INSTALLED_APPS and sets ROOT_URLCONF, JOBS (a function that gives its background jobs), OWNED (what
others copy of it), USER_REPLICA (its copy of the users, "app.Model") and SPECTACULAR_SETTINGS["TITLE"].
"""

import sys
from datetime import timedelta
from zoneinfo import available_timezones

import dj_database_url

from service_kit.environment import BadSetting, env, env_bool, env_int, env_list
from service_kit.logs import logging_config

SERVICE = env("SERVICE")
ENVIRONMENT = env("ENVIRONMENT", "development")
SECRET_KEY = env("SECRET_KEY")
VERSION = "0.1.0"
DEBUG = False
DEMO = env_bool("DEMO", "false")

if ENVIRONMENT not in {"development", "production", "test"}:
    raise BadSetting(f"ENVIRONMENT={ENVIRONMENT!r} is not one of development, production, test.")

BROKER_URL = env("BROKER_URL")
AUTH_URL = env("AUTH_URL")
DATABASE_URL = env("DATABASE_URL")

if ENVIRONMENT == "production":
    for _name in ("SECRET_KEY", "DATABASE_URL", "BROKER_URL"):
        # Every secret of the development .env starts with dev-, so that none of them can slip into production.
        if "dev-" in env(_name):
            raise BadSetting(f"{_name} still holds a development secret (dev-...). Set one of your own for production.")

try:
    DATABASES = {
        "default": dj_database_url.parse(
            DATABASE_URL, engine="service_kit.database", conn_max_age=60, conn_health_checks=True
        )
    }
except (ValueError, KeyError, dj_database_url.ParseError):
    raise BadSetting("DATABASE_URL is not of the form postgres://user:password@host:port/database.") from None
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {
        "connect_timeout": 5,
        "application_name": f"{SERVICE}:{sys.argv[-1][:40] if sys.argv else ''}",
    }
)

# The gateway is the only way in and passes the browser's Host on; no link is ever built from it.
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = [
    "corsheaders",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "service_kit",
]
MIDDLEWARE = [
    "service_kit.middleware.correlation",
    "service_kit.middleware.same_path_with_and_without_slash",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
APPEND_SLASH = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
API_PREFIX = {
    "auth": "auth",
    "user": "users",
    "device": "devices",
    "monitoring": "monitoring",
    "forecast": "forecasts",
}.get(SERVICE, SERVICE)
STATIC_URL = f"/api/{API_PREFIX}/static/"  # Swagger UI's files; one address a service, so that the gateway can tell
WHITENOISE_USE_FINDERS = True
LANGUAGE_CODE = "en"

DEFAULT_TIMEZONE = env("DEFAULT_TIMEZONE", "UTC")
if DEFAULT_TIMEZONE not in available_timezones():
    raise BadSetting(f"DEFAULT_TIMEZONE={DEFAULT_TIMEZONE!r} is not an IANA time zone such as Europe/Rome.")

OWNED = ""  # dotted name of the tuple of what service_kit.owned.Owned describes
DEAD_LETTERS = ""  # of a function that gives DeadLetterQueues beside those of the consumers in JOBS

PERSONAL_DATA = ""  # the function that tells what a service holds of a person: service_kit/personal_data.py

# Tokens: auth_service signs, everybody else verifies with its public keys.
USER_REPLICA = ""  # "app.Model" of a service that has a copy of the users
TOKEN_ALGORITHM = "RS256"
TOKEN_ISSUER = "ems-auth"
TOKEN_AUDIENCE = "ems"
ACCESS_TOKEN_LIFETIME = timedelta(minutes=env_int("ACCESS_TOKEN_MINUTES", 30))
REFRESH_TOKEN_LIFETIME = timedelta(days=env_int("REFRESH_TOKEN_DAYS", 7))
JWKS_PATH = "/api/auth/.well-known/jwks.json"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["service_kit.auth.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["service_kit.auth.IsPerson"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["service_kit.parsers.BoundedJson"],
    "DEFAULT_METADATA_CLASS": "service_kit.schema.Summary",
    "DEFAULT_PAGINATION_CLASS": "service_kit.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "service_kit.errors.as_json",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": f"{SERVICE} service",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/[a-z]+",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
}

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(service=SERVICE, level=env("LOG_LEVEL", "INFO").upper())
CORS_ALLOWED_ORIGINS = env_list("CORS_ORIGINS", "")  # empty: the dashboard's own origin needs none
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_CREDENTIALS = True
