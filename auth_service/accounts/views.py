"""Users of the system: registration by anyone, administration by the admin."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

from django.conf import settings
from django.db.models.functions import Now
from django_filters.rest_framework import DjangoFilterBackend  # type: ignore[import-untyped]
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.exceptions import NotFound
from rest_framework.filters import SearchFilter
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service.accounts import queries
from auth_service.accounts.models import Account
from auth_service.accounts.serializers import (
    ChangeRunsSerializer,
    NewUserSerializer,
    PasswordSerializer,
    RegistrationSerializer,
    SessionSerializer,
    UserChangeSerializer,
    UserSerializer,
)
from auth_service.accounts.services import begin_deletion, begin_registration, begin_update, change_password
from auth_service.audit.services import Action
from auth_service.sagas.engine import DELETE, REGISTER, run_until
from auth_service.sagas.models import Saga
from auth_service.throttles.limits import PerAddress
from auth_service.tokens.services import open_session
from service_kit.auth import Caller, IsAdmin
from service_kit.schema import problems

# The status address of a registration hands out a session: it is good while somebody may still be waiting for it.
STATUS_GOOD_FOR = timedelta(minutes=15)
NOT_ALL_AGREED = {409: "The other services could not be reached in time, and all of it was undone: try again."}
WRONG_TIME = {409: "Another change of this user is under way, or it is the last administrator who can sign in."}


def saga_answer(saga: Saga, *, status_url: str, done: Callable[[], Response]) -> Response:
    """`done()` when completed, 202 while it runs, 422 when a service refused it, 409 when one could not be reached in time."""
    if saga.state == Saga.State.COMPLETED:
        return done()
    if saga.state in Saga.OPEN:
        return Response({"status_url": status_url}, status=202, headers={"Location": status_url, "Retry-After": "1"})
    if saga.refusal:
        body = {"detail": "A service refused the change, and it was undone.", "reason": saga.refusal["answer"]}
        return Response(body, status=422)
    return Response({"detail": "The change could not be completed in time and was undone. Try again."}, status=409)


def registration_status_url(saga: Saga) -> str:
    return f"/api/auth/register/{saga.pk}"


def registration_answer(saga: Saga) -> Response:
    def signed_in() -> Response:
        session = open_session(account=Account.objects.get(pk=saga.subject))
        body = {"user": session.account, "access": session.access, "refresh": session.refresh}
        return Response(SessionSerializer(body).data, status=201, headers={"Cache-Control": "no-store"})

    return saga_answer(saga, status_url=registration_status_url(saga), done=signed_in)


def change_answer(saga: Saga) -> Response:
    """The administrator's answer: 201 with the new user, 200 with the changed one, 204 when deleted."""

    def user() -> Response:
        if saga.kind == DELETE:
            return Response(status=204)
        account = queries.account(saga.subject)
        if account is None:
            raise NotFound(f"There is no user {saga.subject} any more.")
        return Response(UserSerializer(account).data, status=201 if saga.kind == REGISTER else 200)

    return saga_answer(saga, status_url=f"/api/auth/users/changes/{saga.pk}", done=user)


def driven(saga: Saga) -> Saga:
    """The saga after as long as a request may wait for it."""
    return run_until(saga, seconds=settings.SAGA_WAIT_SECONDS)


class RegisterView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (PerAddress,)
    throttle_scope = "register"

    @extend_schema(
        operation_id="register",
        summary="Register",
        auth=[],
        tags=["registration"],
        request=RegistrationSerializer,
        responses={
            201: SessionSerializer,
            202: ChangeRunsSerializer,
            **problems(400, 409, 422, 429, said=NOT_ALL_AGREED),
        },
    )
    def post(self, request: Request) -> Response:
        """The role is always client. 201 means that every service knows the user; 202 that it takes longer: ask at `status_url`."""
        asked = RegistrationSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return registration_answer(driven(begin_registration(**asked.validated_data)))


class RegistrationStatusView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="registrationStatus",
        summary="What became of a registration",
        auth=[],
        tags=["registration"],
        responses={201: SessionSerializer, 202: ChangeRunsSerializer, **problems(404, 409, 422, said=NOT_ALL_AGREED)},
    )
    def get(self, request: Request, saga_id: uuid.UUID) -> Response:
        """For one that was answered with 202: 202 still, 201 done, 409 or 422 undone. Good for 15 minutes after its end."""
        good = Saga.objects.filter(kind=REGISTER).exclude(ended_at__lt=Now() - STATUS_GOOD_FOR)
        saga = good.filter(pk=saga_id).first()
        if saga is None:
            raise NotFound("There is no such registration, or it ended more than 15 minutes ago: sign in.")
        return registration_answer(saga)


class PasswordView(APIView):
    @extend_schema(
        operation_id="changePassword",
        summary="Change your password",
        tags=["session"],
        request=PasswordSerializer,
        responses={204: None, **problems(400, 401, 429)},
    )
    def post(self, request: Request) -> Response:
        """Every session of yours ends: sign in again with the new one."""
        asked = PasswordSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        change_password(account_id=cast(Caller, request.user).id, **asked.validated_data)
        return Response(status=204)


class UsersView(generics.ListAPIView[Account]):
    permission_classes = (IsAdmin,)
    serializer_class = UserSerializer
    queryset = Account.objects.none()
    filter_backends = (SearchFilter, DjangoFilterBackend)
    search_fields = ("username", "email", "first_name", "last_name")
    filterset_fields = ("role",)

    def get_queryset(self) -> Any:
        return queries.visible_accounts()

    @extend_schema(
        operation_id="listUsers",
        summary="All users (admin)",
        tags=["users"],
        responses={200: UserSerializer(many=True), **problems(401, 403)},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Oldest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        operation_id="createUser",
        summary="Make a user (admin)",
        tags=["users"],
        request=NewUserSerializer,
        responses={
            201: UserSerializer,
            202: ChangeRunsSerializer,
            **problems(400, 401, 403, 409, 422, said=NOT_ALL_AGREED),
        },
    )
    def post(self, request: Request) -> Response:
        """With a role. 201 when every service knows the user, 202 when that takes longer."""
        asked = NewUserSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        return change_answer(driven(begin_registration(**asked.validated_data, how=Action.CREATED)))


class UserView(APIView):
    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="getUser",
        summary="One user (admin)",
        tags=["users"],
        responses={200: UserSerializer, **problems(401, 403, 404)},
    )
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        account = queries.account(user_id)
        if account is None:
            raise NotFound(f"There is no user {user_id}.")
        return Response(UserSerializer(account).data)

    @extend_schema(
        operation_id="replaceUser",
        summary="Change a user (admin)",
        tags=["users"],
        request=UserChangeSerializer,
        responses={
            200: UserSerializer,
            202: ChangeRunsSerializer,
            **problems(400, 401, 403, 404, 409, 422, said=WRONG_TIME),
        },
    )
    def put(self, request: Request, user_id: uuid.UUID) -> Response:
        """What is left out of the optional fields stays as it is. A changed address has to be verified anew."""
        return self._change(request, user_id, partial=False)

    @extend_schema(
        operation_id="updateUser",
        summary="Change parts of a user (admin)",
        tags=["users"],
        request=UserChangeSerializer,
        responses={
            200: UserSerializer,
            202: ChangeRunsSerializer,
            **problems(400, 401, 403, 404, 409, 422, said=WRONG_TIME),
        },
    )
    def patch(self, request: Request, user_id: uuid.UUID) -> Response:
        """A changed address has to be verified anew. A deactivated user's tokens are refused everywhere."""
        return self._change(request, user_id, partial=True)

    def _change(self, request: Request, user_id: uuid.UUID, *, partial: bool) -> Response:
        asked = UserChangeSerializer(data=request.data, partial=partial)
        asked.is_valid(raise_exception=True)
        saga = begin_update(account_id=user_id, **asked.validated_data)
        return self.get(request, user_id) if saga is None else change_answer(driven(saga))

    @extend_schema(
        operation_id="deleteUser",
        summary="Delete a user (admin)",
        tags=["users"],
        request=None,
        responses={204: None, 202: ChangeRunsSerializer, **problems(401, 403, 404, 409, said=WRONG_TIME)},
    )
    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """Signed out at once, then gone from every service. Devices and their measurements stay."""
        return change_answer(driven(begin_deletion(account_id=user_id)))


class ChangeStatusView(APIView):
    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="userChangeStatus",
        summary="What became of a change (admin)",
        tags=["users"],
        responses={
            200: UserSerializer,
            201: UserSerializer,
            202: ChangeRunsSerializer,
            204: None,
            **problems(401, 403, 404, 409, 422, said=NOT_ALL_AGREED),
        },
    )
    def get(self, request: Request, saga_id: uuid.UUID) -> Response:
        """For one that was answered with 202: 202 still, 200 changed, 201 made, 204 deleted, 409 or 422 undone."""
        saga = Saga.objects.filter(pk=saga_id).first()
        if saga is None:
            raise NotFound(f"There is no change {saga_id}.")
        return change_answer(saga)
