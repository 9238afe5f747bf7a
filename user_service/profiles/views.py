"""`/api/users`: profiles for their owners and for admins; making and undoing one for the registration saga."""

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.filters import SearchFilter
from rest_framework.generics import ListAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from service_kit.auth import IsAdmin, IsService
from user_service.profiles import services
from user_service.profiles.models import Profile
from user_service.profiles.queries import profiles, profiles_visible_to
from user_service.profiles.serializers import (
    ChangedNamesSerializer,
    NewProfileSerializer,
    ProfileSerializer,
    SagaSerializer,
)


class ProfileList(ListAPIView[Profile]):
    serializer_class = ProfileSerializer
    queryset = Profile.objects.all()
    filter_backends = (SearchFilter,)
    search_fields = ("first_name", "last_name", "phone", "username", "email")

    def get_permissions(self) -> list[BasePermission]:
        return [IsService()] if self.request.method == "POST" else [IsAdmin()]

    def get_queryset(self) -> QuerySet[Profile]:
        return profiles()

    @extend_schema(operation_id="listProfiles", summary="All profiles (admin)", tags=["users"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        """201 when new, 200 when this saga did it before, 409 after its undo."""
        wanted = NewProfileSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        answer, new = services.create_profile(**wanted.validated_data)
        return Response(answer, status=201 if new else 200)


@extend_schema_view(
    get=extend_schema(operation_id="getProfile", summary="One profile (its owner or an admin)", tags=["users"]),
    put=extend_schema(
        operation_id="replaceProfile", summary="Change a profile (its owner or an admin)", tags=["users"]
    ),
    patch=extend_schema(
        operation_id="updateProfile", summary="Change parts of a profile (its owner or an admin)", tags=["users"]
    ),
)
class ProfileDetail(RetrieveUpdateAPIView[Profile]):
    serializer_class = ProfileSerializer
    queryset = Profile.objects.all()
    lookup_field = "user_id"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> QuerySet[Profile]:
        return profiles_visible_to(self.request.user)  # type: ignore[arg-type]

    def perform_update(self, serializer: BaseSerializer[Profile]) -> None:
        assert serializer.instance is not None
        services.update_profile(user_id=serializer.instance.user_id, **serializer.validated_data)
        serializer.instance = self.get_object()


@extend_schema(exclude=True)
class ProfileRollback(APIView):
    permission_classes = (IsService,)

    def delete(self, request: Request, id: uuid.UUID) -> Response:
        """204 whether or not there was anything to undo: asking twice, or before the step came, is right."""
        wanted = SagaSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        services.undo_profile(user_id=id, **wanted.validated_data)
        return Response(status=204)


@extend_schema(exclude=True)
class SagaUser(APIView):
    """`/internal/users/{id}`: auth_service's sagas that change and delete a user. The gateway leads nobody here."""

    permission_classes = (IsService,)

    def put(self, request: Request, id: uuid.UUID) -> Response:
        wanted = ChangedNamesSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        return Response(services.update_profile_for_saga(user_id=id, **wanted.validated_data))

    def delete(self, request: Request, id: uuid.UUID) -> Response:
        """204 whether or not there was a profile: asking twice is right."""
        services.delete_profile(user_id=id)
        return Response(status=204)
