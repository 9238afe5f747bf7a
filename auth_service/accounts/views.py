"""Users of the system: registration by anyone, administration by the admin."""

import uuid
from datetime import timedelta
from typing import Any, ClassVar

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service.accounts import queries
from auth_service.accounts.models import Account
from auth_service.accounts.serializers import (
    NewUserSerializer,
    RegistrationRunsSerializer,
    RegistrationSerializer,
    SessionSerializer,
    UserSerializer,
)
from auth_service.accounts.services import begin_registration
from auth_service.sagas.engine import REGISTER, run_until
from auth_service.sagas.models import Saga
from auth_service.tokens.services import open_session
from service_kit.auth import IsAdmin

# The status address hands out a session: it is good for as long as somebody may still be waiting for it.
STATUS_GOOD_FOR = timedelta(minutes=15)
_example = OpenApiExample(
    "Alice",
    request_only=True,
    value={
        "username": "alice", "email": "alice@example.org", "password": "correct horse battery",
        "first_name": "Alice", "last_name": "Rossi", "phone": "+39 06 1234567",
    },
)  # fmt: skip


def saga_answer(saga: Saga, *, done: Any) -> Response:
    """201 with `done()`, 202 while the saga runs, 422 when a service refused the user, 409 when one could not be reached."""
    if saga.state == Saga.State.COMPLETED:
        return Response(done(), status=201)
    if saga.state in Saga.OPEN:
        status_url = f"/api/auth/register/{saga.pk}"
        return Response(
            {"status_url": status_url},
            status=202,
            headers={"Location": status_url, "Retry-After": "1"},
        )
    if saga.refusal:
        return Response(
            {
                "detail": "The registration was refused and undone.",
                "reason": saga.refusal["answer"],
            },
            status=422,
        )
    return Response(
        {"detail": "The registration could not be completed in time and was undone. Register again."},
        status=409,
    )


class RegisterView(APIView):
    authentication_classes: ClassVar = []
    permission_classes: ClassVar = [AllowAny]

    @extend_schema(
        operation_id="register",
        auth=[],
        tags=["registration"],
        request=RegistrationSerializer,
        responses={201: SessionSerializer, 202: RegistrationRunsSerializer},
        examples=[_example],
    )
    def post(self, request: Request) -> Response:
        """Register. 201 means that every service knows the user; 202 that it takes longer: ask at `status_url`."""
        asked = RegistrationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saga = begin_registration(**asked.validated_data)
        return saga_answer(
            run_until(saga.pk, seconds=settings.SAGA_WAIT_SECONDS),
            done=lambda: _session(saga),
        )


class RegistrationStatusView(APIView):
    authentication_classes: ClassVar = []
    permission_classes: ClassVar = [AllowAny]

    @extend_schema(
        operation_id="registrationStatus",
        auth=[],
        tags=["registration"],
        responses={201: SessionSerializer, 202: RegistrationRunsSerializer},
    )
    def get(self, request: Request, saga_id: uuid.UUID) -> Response:
        """What became of a registration that was answered with 202: 202 still, 201 done, 409 or 422 undone."""
        saga = Saga.objects.filter(pk=saga_id, kind=REGISTER).first()
        if saga is None or (saga.ended_at and saga.ended_at < timezone.now() - STATUS_GOOD_FOR):
            raise NotFound("There is no such registration, or it ended more than 15 minutes ago: sign in.")
        return saga_answer(saga, done=lambda: _session(saga))


def _session(saga: Saga) -> dict[str, Any]:
    session = open_session(account=Account.objects.get(pk=saga.subject))
    return dict(
        SessionSerializer(
            {
                "user": session.account,
                "access": session.access,
                "refresh": session.refresh,
            }
        ).data
    )


class UsersView(generics.ListAPIView[Account]):
    permission_classes = (IsAdmin,)
    serializer_class = UserSerializer
    queryset = Account.objects.none()

    def get_queryset(self) -> Any:
        asked = self.request.query_params
        return queries.visible_accounts(search=asked.get("search", ""), role=asked.get("role", ""))

    @extend_schema(
        operation_id="listUsers",
        tags=["users"],
        parameters=[
            OpenApiParameter("search", str, description="Part of a username, e-mail address or name."),
            OpenApiParameter("role", str, enum=Account.Role.values),
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """All users, oldest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="createUser",
        tags=["users"],
        request=NewUserSerializer,
        responses={201: UserSerializer, 202: RegistrationRunsSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a user, with a role. Answers as registration does, but with the user alone."""
        asked = NewUserSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        saga = begin_registration(**asked.validated_data)
        return saga_answer(
            run_until(saga.pk, seconds=settings.SAGA_WAIT_SECONDS),
            done=lambda: UserSerializer(Account.objects.get(pk=saga.subject)).data,
        )


class UserView(APIView):
    permission_classes = (IsAdmin,)

    @extend_schema(operation_id="getUser", tags=["users"], responses=UserSerializer)
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """One user."""
        account = queries.account(user_id)
        if account is None:
            raise NotFound(f"There is no user {user_id}.")
        return Response(UserSerializer(account).data)
