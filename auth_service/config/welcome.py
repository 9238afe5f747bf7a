"""`/api/` and `/api/docs/`: the way into the API for a developer who knows nothing of its services."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views import View
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

SERVICES = {
    "auth": "Accounts and tokens",
    "users": "Profiles",
    "devices": "Devices, plants, tariffs and who sees what",
    "monitoring": "Readings, hours and the live view",
    "forecasts": "Forecasts and their accuracy",
}


class WelcomeView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        services = {
            prefix: {
                "about": about,
                "docs": f"/api/{prefix}/docs/",
                "schema": f"/api/{prefix}/schema/",
                "health": f"/api/{prefix}/health",
            }
            for prefix, about in SERVICES.items()
        }
        return Response(
            {
                "name": "Energy Management System",
                "version": settings.VERSION,
                "docs": "/api/docs/",
                "services": services,
            }
        )


class AllDocsView(View):
    """Swagger UI with the schemas of all five services to choose from."""

    def get(self, request: HttpRequest) -> HttpResponse:
        urls: list[dict[str, Any]] = [{"name": about, "url": f"/api/{p}/schema/"} for p, about in SERVICES.items()]
        return render(request, "all_docs.html", {"urls": urls})
