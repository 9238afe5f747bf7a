from typing import cast

from django.urls import path
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from service_kit.auth import Caller, IsAdmin, IsService
from service_kit.urls import handler400, handler404, handler500, service_urls  # noqa: F401


class WhoAmI(APIView):
    def get(self, request: Request) -> Response:
        caller = cast(Caller, request.user)
        return Response({"id": str(caller.id), "role": caller.role})


class AdminOnly(WhoAmI):
    permission_classes = (IsAdmin,)


class ServiceOnly(WhoAmI):
    permission_classes = (IsService,)


urlpatterns = service_urls(
    path("api/who", WhoAmI.as_view()),
    path("api/admin", AdminOnly.as_view()),
    path("api/service", ServiceOnly.as_view()),
)
