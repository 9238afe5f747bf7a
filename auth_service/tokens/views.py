"""What follows from signing in."""

from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import quote

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service.accounts.serializers import (
    RefreshSerializer,
    SessionSerializer,
    ValidSerializer,
)
from auth_service.tokens import keys
from auth_service.tokens.services import Session, close_session, rotate
from service_kit.auth import Caller
from service_kit.schema import problems

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


class RefreshView(Bearer401):
    @extend_schema(
        operation_id="refreshSession",
        summary="The next pair of tokens",
        auth=[],
        tags=["session"],
        request=RefreshSerializer,
        responses={
            200: SessionSerializer,
            **problems(400, 401, said={401: "The refresh token is used up, expired or forged: sign in again."}),
        },
    )
    def post(self, request: Request) -> Response:
        """The refresh token given is used up; using it again ends the session."""
        refresh, from_cookie = given_refresh(request)
        return session_answer(rotate(refresh=refresh), cookie=from_cookie)


class LogoutView(Bearer401):
    @extend_schema(
        operation_id="logout",
        summary="Sign out",
        auth=[],
        tags=["session"],
        request=RefreshSerializer,
        responses={204: None, **problems(400)},
    )
    def post(self, request: Request) -> Response:
        """End the session of this refresh token, and the cookie with it. 204 too when it had ended already."""
        refresh, _ = given_refresh(request)
        close_session(refresh=refresh)
        response = Response(status=204)
        response.delete_cookie(COOKIE, path=COOKIE_PATH, samesite="Strict")
        return response


@extend_schema_view(
    **{method: extend_schema(exclude=True) for method in ("post", "put", "patch", "delete")},
    get=extend_schema(
        operation_id="validateToken",
        summary="Whose access token this is",
        tags=["session"],
        responses={200: ValidSerializer, **problems(401, 403)},
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, response=[200], description=text)
            for name, text in (
                ("X-User-Id", "As `user_id`."),
                ("X-User-Name", "As `username`, percent-encoded where it is not ASCII."),
                ("X-User-Role", "As `role`."),
            )
        ],
        examples=[
            OpenApiExample(
                "Alice",
                response_only=True,
                status_codes=["200"],
                value={
                    "user_id": "6f1a5c1e-6b52-5d0e-9a3c-3f1c1a4f0002",
                    "username": "alice",
                    "role": "client",
                    "expires_at": "2026-01-31T18:40:00Z",
                },
            )
        ],
    ),
)
class ValidateView(APIView):
    def get(self, request: Request) -> Response:
        """401 when the token is not good. The headers let a proxy ask here for another application (Traefik's forwardAuth)."""
        caller = cast(Caller, request.user)
        body = {
            "user_id": caller.id,
            "username": caller.username,
            "role": caller.role,
            "expires_at": datetime.fromtimestamp(caller.expires_at, UTC),
        }
        headers = {
            "X-User-Id": str(caller.id),
            "X-User-Name": quote(caller.username, safe="+"),
            "X-User-Role": caller.role,
            "Cache-Control": "no-store",
        }
        return Response(ValidSerializer(body).data, headers=headers)

    def post(self, request: Request) -> Response:
        # A proxy may pass on the method of the request that it asks about. Not `get` itself: the schema leaves these out.
        return self.get(request)

    put = patch = delete = options = post


class JwksView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        operation_id="publicKeys",
        summary="The public keys that verify our tokens",
        auth=[],
        tags=["session"],
        responses={200: dict[str, Any]},
        examples=[
            OpenApiExample(
                "One key",
                value={
                    "keys": [
                        {
                            "kty": "RSA",
                            "kid": "1f0c9e...",
                            "use": "sig",
                            "alg": "RS256",
                            "n": "u1SU1LfVLPH...",
                            "e": "AQAB",
                        }
                    ]
                },
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """A JSON Web Key Set (RFC 7517). Tokens are RS256, issuer `ems-auth`, audience `ems`; an unknown `kid` means: ask again."""
        return Response(
            {"keys": [key.jwk for key in keys.all_keys()]},
            headers={"Cache-Control": "public, max-age=60"},
        )
