"""Sign in: by password or with Google."""

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service.accounts.models import Account
from auth_service.accounts.serializers import ChangeRunsSerializer, SessionSerializer
from auth_service.accounts.views import driven, registration_status_url, saga_answer
from auth_service.sagas.models import Saga
from auth_service.signin.google import identity_of
from auth_service.signin.serializers import GoogleSerializer, LoginSerializer, OptionsSerializer
from auth_service.signin.services import sign_in, sign_in_with_google
from auth_service.throttles.limits import PerAddress
from auth_service.tokens.services import open_session
from auth_service.tokens.views import Bearer401, session_answer
from service_kit.schema import problems


class LoginView(Bearer401):
    throttle_classes = (PerAddress,)
    throttle_scope = "login"

    @extend_schema(
        operation_id="login",
        summary="Sign in",
        auth=[],
        tags=["session"],
        request=LoginSerializer,
        responses={200: SessionSerializer, **problems(400, 401, 429, said={401: "The name or the password is wrong."})},
    )
    def post(self, request: Request) -> Response:
        """By username or e-mail address. 401 for any wrong pair, without saying which half was wrong.

        After five wrong passwords for a name, each further try has to wait: 1, 2, 4 ... up to 60 seconds (429).
        """
        asked = LoginSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        session = sign_in(name=given["username"], password=given["password"])
        return session_answer(session, cookie=given["cookie"])


class GoogleView(Bearer401):
    throttle_classes = (PerAddress,)
    throttle_scope = "login"

    @extend_schema(
        operation_id="loginWithGoogle",
        summary="Sign in with Google",
        auth=[],
        tags=["session"],
        request=GoogleSerializer,
        responses={
            200: SessionSerializer,
            202: ChangeRunsSerializer,
            **problems(400, 401, 409, 422, 429, 503),
        },
    )
    def post(self, request: Request) -> Response:
        """By an ID token of Google's with a verified e-mail address. Whoever has no account yet gets one, with the role client.

        An account with the same address is joined when it has verified that address; otherwise 409 says what to do.
        202 as with a registration that takes longer; 409 also when Google is not set up here.
        """
        asked = GoogleSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        cookie = asked.validated_data["cookie"]
        found = sign_in_with_google(identity=identity_of(asked.validated_data["token"]))
        if not isinstance(found, Saga):
            return session_answer(found, cookie=cookie)
        saga = driven(found)

        def signed_in() -> Response:
            return session_answer(open_session(account=Account.objects.get(pk=saga.subject)), cookie=cookie)

        return saga_answer(saga, status_url=registration_status_url(saga), done=signed_in)


class OptionsView(APIView):
    permission_classes = (AllowAny,)
    authentication_classes = ()

    @extend_schema(
        operation_id="signInOptions",
        summary="What is set up here",
        auth=[],
        tags=["session"],
        responses=OptionsSerializer,
    )
    def get(self, request: Request) -> Response:
        """What a page for signing in may offer."""
        return Response(
            {"google_client_id": settings.GOOGLE_CLIENT_ID or None, "mail": settings.MAIL_SERVER is not None}
        )
