"""`/internal/users`: what auth_service asks of this service when somebody registers. The gateway leads nobody here."""

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from device_service.people import services
from service_kit.auth import IsService


class NewUserSerializer(serializers.Serializer[dict[str, Any]]):
    saga_id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(["admin", "client"])


class SagaSerializer(serializers.Serializer[dict[str, uuid.UUID]]):
    saga_id = serializers.UUIDField()


@extend_schema(exclude=True)
class Users(APIView):
    permission_classes = (IsService,)

    def post(self, request: Request) -> Response:
        """201 when new, 200 when this saga did it before, 409 after its undo."""
        wanted = NewUserSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        answer, new = services.admit_user(**wanted.validated_data)
        return Response(answer, status=201 if new else 200)


@extend_schema(exclude=True)
class UserRollback(APIView):
    permission_classes = (IsService,)

    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """204 whether or not there was anything to undo: asking twice, or before the step came, is right."""
        wanted = SagaSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        services.dismiss_user(user_id=user_id, **wanted.validated_data)
        return Response(status=204)


@extend_schema(exclude=True)
class SagaUser(APIView):
    permission_classes = (IsService,)

    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """204 whether or not the user was known: asking twice is right."""
        services.let_go_of_user(user_id=user_id)
        return Response(status=204)
