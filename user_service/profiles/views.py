"""`/api/users`: profiles for their owners and for admins; making and undoing one for the registration saga."""

import uuid
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.exceptions import NotFound
from rest_framework.filters import SearchFilter
from rest_framework.generics import ListAPIView, RetrieveUpdateAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from service_kit.auth import IsAdmin, IsService
from service_kit.schema import problems
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

    @extend_schema(
        operation_id="listProfiles",
        summary="All profiles (admin)",
        description="By last and first name; `search` looks into names, phone, username and e-mail address.",
        tags=["users"],
        responses={200: ProfileSerializer(many=True), **problems(401, 403)},
    )
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
    get=extend_schema(
        operation_id="getProfile",
        summary="One profile (its owner or an admin)",
        tags=["users"],
        responses={200: ProfileSerializer, **problems(401, 404)},
    ),
    put=extend_schema(
        operation_id="replaceProfile",
        summary="Change a profile (its owner or an admin)",
        tags=["users"],
        responses={200: ProfileSerializer, **problems(400, 401, 404)},
    ),
    patch=extend_schema(
        operation_id="updateProfile",
        summary="Change parts of a profile (its owner or an admin)",
        tags=["users"],
        responses={200: ProfileSerializer, **problems(400, 401, 404)},
    ),
)
class ProfileDetail(RetrieveUpdateAPIView[Profile]):
    serializer_class = ProfileSerializer
    queryset = Profile.objects.all()

    def get_queryset(self) -> QuerySet[Profile]:
        return profiles_visible_to(self.request.user)  # type: ignore[arg-type]

    def get_object(self) -> Profile:
        profile = self.get_queryset().filter(user_id=self.kwargs["id"]).first()
        if profile is None:
            raise NotFound(f"There is no user {self.kwargs['id']}.")
        return profile

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
