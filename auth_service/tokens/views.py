"""Sign in and what follows from it."""

from datetime import UTC, datetime
from typing import Any, cast

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import AuthenticationFailed, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service.accounts.queries import with_credentials
from auth_service.accounts.serializers import (
    LoginSerializer,
    RefreshSerializer,
    SessionSerializer,
    ValidSerializer,
)
from auth_service.tokens import keys
from auth_service.tokens.services import Session, close_session, open_session, rotate
from service_kit.auth import Caller

COOKIE = "ems_refresh"
COOKIE_PATH = "/api/auth"


class Bearer401(APIView):
    """A view for anyone, whose own 401 keeps its status (without an authenticator DRF would make it 403)."""

    permission_classes = (AllowAny,)
    authentication_classes = ()

    def get_authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def session_answer(session: Session, *, cookie: bool) -> Response:
    """The tokens; with `cookie` the refresh token goes into one that no script can read."""
    body = {
        "access": session.access,
        "user": session.account,
        **({} if cookie else {"refresh": session.refresh}),
    }
    response = Response(SessionSerializer(body).data, headers={"Cache-Control": "no-store"})
    if cookie:
        response.set_cookie(
            COOKIE,
            session.refresh,
            max_age=settings.REFRESH_TOKEN_LIFETIME,
            path=COOKIE_PATH,
            httponly=True,
            samesite="Strict",
            secure=settings.REFRESH_COOKIE_SECURE,
        )
    return response


def given_refresh(request: Request) -> tuple[str, bool]:
    """The refresh token of the body, else of the cookie, and whether it was the cookie's. Raises ValidationError."""
    asked = RefreshSerializer(data=request.data)
    asked.is_valid(raise_exception=True)
    if asked.validated_data.get("refresh"):
        return asked.validated_data["refresh"], False
    if COOKIE in request.COOKIES:
        return request.COOKIES[COOKIE], True
    raise ValidationError(
        {"refresh": ["This field is required, unless the cookie of a sign-in with cookie=true is sent."]}
    )


class LoginView(Bearer401):
    @extend_schema(
        operation_id="login",
        auth=[],
        tags=["session"],
        request=LoginSerializer,
        responses=SessionSerializer,
        examples=[
            OpenApiExample(
                "Demo",
                request_only=True,
                value={"username": "alice", "password": "alice123"},
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """Sign in with username or e-mail address. 401 for any wrong pair, without saying which half was wrong."""
        asked = LoginSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        account = with_credentials(name=given["username"], password=given["password"])
        if account is None:
            raise AuthenticationFailed("Username or password is wrong.")
        return session_answer(open_session(account=account), cookie=given["cookie"])


class RefreshView(Bearer401):
    @extend_schema(
        operation_id="refreshSession",
        auth=[],
        tags=["session"],
        request=RefreshSerializer,
        responses=SessionSerializer,
    )
    def post(self, request: Request) -> Response:
        """The next pair of tokens. The refresh token given is used up; using it again ends the session."""
        refresh, from_cookie = given_refresh(request)
        return session_answer(rotate(refresh=refresh), cookie=from_cookie)


class LogoutView(Bearer401):
    @extend_schema(
        operation_id="logout",
        auth=[],
        tags=["session"],
        request=RefreshSerializer,
        responses={204: None},
    )
    def post(self, request: Request) -> Response:
        """End the session of this refresh token."""
        refresh, _ = given_refresh(request)
        close_session(refresh=refresh)
        response = Response(status=204)
        response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Strict")
        return response


class ValidateView(APIView):
    @extend_schema(operation_id="validateToken", tags=["session"], responses=ValidSerializer)
    def get(self, request: Request) -> Response:
        """Whose access token this is; 401 when it is not good."""
        caller = cast(Caller, request.user)
        body = {
            "user_id": caller.id,
            "username": caller.username,
            "role": caller.role,
            "expires_at": datetime.fromtimestamp(caller.expires_at, UTC),
        }
        return Response(ValidSerializer(body).data)


class JwksView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        operation_id="publicKeys",
        auth=[],
        tags=["session"],
        responses={200: dict[str, Any]},
    )
    def get(self, request: Request) -> Response:
        """The public keys (RFC 7517) that verify our tokens."""
        return Response(
            {"keys": [key.jwk for key in keys.all_keys()]},
            headers={"Cache-Control": "public, max-age=60"},
        )
