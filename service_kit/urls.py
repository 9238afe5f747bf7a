"""The addresses that every service has: health, schema and Swagger UI under its prefix."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from service_kit.health import HealthView
from service_kit.personal_data import PersonalData

# A service's urls.py imports these by name: Django looks for them in the root URLconf.
handler400 = "service_kit.errors.bad_request"
handler404 = "service_kit.errors.not_found"
handler500 = "service_kit.errors.server_error"


def service_urls(*patterns: URLPattern | URLResolver) -> list[URLPattern | URLResolver]:
    """`patterns` and, under /api/<prefix>/, health, schema and docs; the person's data for a service that holds any."""
    prefix = settings.API_PREFIX
    personal = [path("internal/users/<uuid:user_id>/export", PersonalData.as_view())] if settings.PERSONAL_DATA else []
    return [
        path(f"api/{prefix}/health", HealthView.as_view(), name="health"),
        path(f"api/{prefix}/schema", SpectacularAPIView.as_view(), name="schema"),
        path(
            f"api/{prefix}/docs",
            SpectacularSwaggerView.as_view(url_name="schema", metadata_class=None),  # no page answers OPTIONS
            name="docs",
        ),
        *personal,
        *patterns,
    ]
