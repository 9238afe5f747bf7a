import django_filters  # type: ignore[import-untyped]
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response

from auth_service.audit.models import AuditEntry
from auth_service.audit.queries import entries
from auth_service.audit.serializers import AuditEntrySerializer
from service_kit.auth import IsAdmin
from service_kit.schema import problems


class AuditFilter(django_filters.FilterSet):
    user = django_filters.UUIDFilter(help_text="Id of the user to whom it was done.")
    actor = django_filters.UUIDFilter(help_text="Id of the user who did it.")
    action = django_filters.MultipleChoiceFilter(
        choices=AuditEntry.Action.choices, help_text="What was done; several are allowed."
    )
    since = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")
    until = django_filters.IsoDateTimeFilter(field_name="at", lookup_expr="lt", help_text="Before this instant.")

    class Meta:
        model = AuditEntry
        fields = ("user", "actor", "action")


class AuditView(generics.ListAPIView[AuditEntry]):
    permission_classes = (IsAdmin,)
    serializer_class = AuditEntrySerializer
    queryset = AuditEntry.objects.none()
    filter_backends = (django_filters.rest_framework.DjangoFilterBackend,)
    filterset_class = AuditFilter

    def get_queryset(self) -> QuerySet[AuditEntry]:
        return entries()

    @extend_schema(
        operation_id="listAudit",
        summary="Who did what, when, from where (admin)",
        tags=["audit"],
        responses={200: AuditEntrySerializer(many=True), **problems(400, 401, 403)},
    )
    def get(self, request: Request, *args: object, **kwargs: object) -> Response:
        """What was done to accounts, newest first."""
        return super().get(request, *args, **kwargs)
