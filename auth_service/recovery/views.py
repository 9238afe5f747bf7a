"""Links by mail: a new password, a verified address."""

from typing import cast

from django.conf import settings
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service.recovery import services
from auth_service.recovery.serializers import (
    DetailSerializer,
    ResetConfirmSerializer,
    ResetSerializer,
    VerifiedSerializer,
    VerifySerializer,
)
from auth_service.throttles.limits import PerAddress
from service_kit.auth import Caller, IsPerson
from service_kit.schema import problems

SENT = "If there is an account with this e-mail address, a link to set a new password is on its way to it."
NO_SERVER = "This system sends no mail. Ask your administrator for a link to set a new password."
_token = "0c4d0f6e5b8a4c0d9a4e2f1b3c5d7e9f.1vMx2A.Jq3v..."


class ResetView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (PerAddress,)
    throttle_scope = "recover"

    @extend_schema(
        operation_id="askForPasswordReset",
        summary="Forgotten password: ask for a link",
        auth=[],
        tags=["recovery"],
        request=ResetSerializer,
        responses={202: DetailSerializer, **problems(400, 429)},
        examples=[
            OpenApiExample("Alice", request_only=True, value={"email": "alice@example.org"}),
            OpenApiExample("Whoever asks", response_only=True, status_codes=["202"], value={"detail": SENT}),
        ],
    )
    def post(self, request: Request) -> Response:
        """Always the same answer, whether there is an account or not. An address gets at most five mails an hour.

        Without a mail server the answer says whom to ask instead.
        """
        asked = ResetSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.ask_for_reset(**asked.validated_data)
        return Response({"detail": NO_SERVER if settings.MAIL_SERVER is None else SENT}, status=202)


class ResetConfirmView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (PerAddress,)
    throttle_scope = "recover"

    @extend_schema(
        operation_id="resetPassword",
        summary="Forgotten password: set a new one",
        auth=[],
        tags=["recovery"],
        request=ResetConfirmSerializer,
        responses={204: None, **problems(400, 429)},
        examples=[
            OpenApiExample(
                "Of a link", request_only=True, value={"token": _token, "new_password": "correct horse battery"}
            )
        ],
    )
    def post(self, request: Request) -> Response:
        """By the token of a link, which works once. Every session ends: sign in with the new password."""
        asked = ResetConfirmSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        services.reset_password(**asked.validated_data)
        return Response(status=204)


class VerifyView(APIView):
    permission_classes = (AllowAny,)
    throttle_classes = (PerAddress,)
    throttle_scope = "recover"

    @extend_schema(
        operation_id="verifyEmail",
        summary="Verify an e-mail address, or ask for a new link",
        tags=["recovery"],
        request=VerifySerializer,
        responses={200: VerifiedSerializer, 202: VerifiedSerializer, **problems(400, 401, 409, 429)},
        examples=[
            OpenApiExample("Of a link", request_only=True, value={"token": _token}),
            OpenApiExample("Send it again", request_only=True, value={}),
            OpenApiExample(
                "Verified",
                response_only=True,
                status_codes=["200"],
                value={"email_verified": True, "detail": "The e-mail address is verified."},
            ),
            OpenApiExample(
                "Sent",
                response_only=True,
                status_codes=["202"],
                value={"email_verified": False, "detail": "A link is on its way to your e-mail address."},
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """With the token of a link, for anyone: the address is verified (200). Without, for whoever is signed in: a new link is sent (202), at most five an hour; 200 when there is nothing to verify. 409 without a mail server."""
        asked = VerifySerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        if "token" in asked.validated_data:
            services.verify_email(token=asked.validated_data["token"])
        elif not IsPerson().has_permission(request, self):
            self.permission_denied(request, message="Only a person has an e-mail address to verify.")
        elif services.ask_for_verification(account_id=cast(Caller, request.user).id):
            body = {"email_verified": False, "detail": "A link is on its way to your e-mail address."}
            return Response(body, status=202)
        return Response({"email_verified": True, "detail": "The e-mail address is verified."})
