"""What a person may ask for: all that is known of it, and that it be forgotten. The gateway leads `/api/users/{id}/...` here."""

import uuid
from typing import cast

from django.http import FileResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from auth_service.accounts import queries
from auth_service.accounts.serializers import ChangeRunsSerializer
from auth_service.accounts.services import begin_erasure
from auth_service.accounts.views import driven, saga_answer
from auth_service.privacy.export import export
from auth_service.sagas.engine import DELETE
from auth_service.sagas.models import Saga
from service_kit.auth import Caller
from service_kit.schema import problems


def only_self_or_admin(request: Request, user_id: uuid.UUID) -> None:
    """Raises NotFound for anybody else, who shall not learn who exists."""
    caller = cast(Caller, request.user)
    if not (caller.is_admin or caller.id == user_id):
        raise NotFound(f"There is no user {user_id}.")


class ExportView(APIView):
    @extend_schema(
        operation_id="exportUser",
        summary="All personal data as a file (oneself or admin)",
        tags=["privacy"],
        responses={
            (200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT, "The file, as attachment."),
            **problems(
                401, 404, 503, said={503: "A part did not answer; `detail` names it. There is no partial file."}
            ),
        },
        examples=[
            OpenApiExample(
                "Alice's",
                response_only=True,
                status_codes=["200"],
                value={
                    "exported_at": "2026-01-31T18:10:00Z",
                    "account": {"id": "6f1a5c1e-6b52-5d0e-9a3c-3f1c1a4f0002", "username": "alice", "...": "..."},
                    "sessions": [{"created_at": "2026-01-31T18:00:00Z", "ended_at": None, "...": "..."}],
                    "audit": [{"at": "2026-01-31T18:00:00Z", "action": "signed_in", "address": "203.0.113.7"}],
                    "profile": {"profile": {"first_name": "Alice", "timezone": "Europe/Rome", "...": "..."}},
                    "devices": {"devices": [{"name": "Kitchen", "from": None, "to": None, "...": "..."}]},
                    "energy": {"hours": [{"start": "2026-01-31T17:00:00Z", "kwh": 0.213, "quality": "measured"}]},
                    "forecasts": {"forecasts": [{"kind": "consumption", "history_until": "...", "kwh": [0.2, 0.3]}]},
                },
            )
        ],
    )
    def get(self, request: Request, user_id: uuid.UUID) -> FileResponse:
        """Account, sessions, audit, profile, devices with their periods, their hours within these, and forecasts. `GET /api/users/{id}/export` is the same."""
        only_self_or_admin(request, user_id)
        account = queries.account(user_id)
        if account is None:
            raise NotFound(f"There is no user {user_id}.")
        return FileResponse(
            export(account=account),
            as_attachment=True,
            filename=f"energy-{account.username}-{timezone.now():%Y-%m-%d}.json",
            content_type="application/json",
            headers={"Cache-Control": "no-store"},
        )


def erasure_answer(saga: Saga) -> Response:
    # Whoever erased itself has no token any more to ask with: this address tells nothing but whether it is done.
    return saga_answer(saga, status_url=f"/api/auth/erasures/{saga.pk}", done=lambda: Response(status=204))


class EraseView(APIView):
    @extend_schema(
        operation_id="eraseUser",
        summary="Forget a person (oneself or admin)",
        tags=["privacy"],
        request=None,
        responses={
            204: None,
            202: ChangeRunsSerializer,
            **problems(
                401, 404, 409, said={409: "The last administrator, or another change of this user is under way."}
            ),
        },
    )
    def post(self, request: Request, user_id: uuid.UUID) -> Response:
        """Signed out at once, then deleted everywhere, and whatever would still tell who it was is emptied: names, addresses,
        where the person signed in from. Devices and their measurements stay, without the person. It cannot be undone.
        `POST /api/users/{id}/erase` is the same."""
        only_self_or_admin(request, user_id)
        return erasure_answer(driven(begin_erasure(account_id=user_id)))


class ErasureStatusView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="erasureStatus",
        summary="Whether an erasure is done",
        auth=[],
        tags=["privacy"],
        responses={204: None, 202: ChangeRunsSerializer, **problems(404)},
    )
    def get(self, request: Request, saga_id: uuid.UUID) -> Response:
        """What became of an erasure that was answered with 202: 202 still, 204 done."""
        saga = Saga.objects.filter(pk=saga_id, kind=DELETE, payload__erase=True).first()
        if saga is None:
            raise NotFound(f"There is no erasure {saga_id}.")
        return erasure_answer(saga)
