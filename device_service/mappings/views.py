"""`/api/mappings`: who may see which device."""

import uuid

import django_filters  # type: ignore[import-untyped]
from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from device_service.devices.models import Device
from device_service.devices.queries import devices_of
from device_service.devices.views import DevicePages
from device_service.mappings import queries, services
from device_service.mappings.models import Mapping
from device_service.mappings.serializers import AssignmentSerializer, MappingSerializer
from service_kit.auth import Caller, IsAdmin
from service_kit.questions import Question


class MappingFilter(django_filters.FilterSet):
    device_id = django_filters.UUIDFilter()
    user_id = django_filters.UUIDFilter()

    class Meta:
        model = Mapping
        fields = ("device_id", "user_id")


@extend_schema_view(
    get=extend_schema(operation_id="listMappings", summary="All assignments (admin)", tags=["mappings"])
)
class MappingList(ListAPIView[Mapping]):
    permission_classes = (IsAdmin,)
    serializer_class = MappingSerializer
    queryset = Mapping.objects.all()
    filterset_class = MappingFilter
    search_fields = ("device__name", "username")
    ordering_fields = ("created_at", "device__name", "username")
    ordering = ("-created_at",)

    def get_queryset(self) -> QuerySet[Mapping]:
        return queries.mappings()


class Assign(APIView):
    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="assignDevice",
        summary="Let a user see a device (admin)",
        description=(
            "Without `from` since ever, without `to` for ever; the user sees only this period. The same user again: 200, "
            "and the period is replaced. To end a tenancy and leave its past visible, assign again with `to`."
        ),
        request=AssignmentSerializer,
        responses={201: MappingSerializer, 200: OpenApiResponse(MappingSerializer, "It was assigned already.")},
        tags=["mappings"],
    )
    def post(self, request: Request) -> Response:
        wanted = AssignmentSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        mapping, new = services.assign_device(**wanted.validated_data)
        answer = MappingSerializer(queries.mappings().get(pk=mapping.pk))
        return Response(answer.data, status=201 if new else 200)


class UnassignQuestion(Question):
    user_id = serializers.UUIDField(
        required=False, help_text="Whom to unassign; may be left out when only one user has the device."
    )


class Unassign(APIView):
    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="unassignDevice",
        summary="End a user's sight of a device, its past included (admin)",
        parameters=[UnassignQuestion],
        responses={204: None},
        tags=["mappings"],
    )
    def delete(self, request: Request, device_id: uuid.UUID) -> Response:
        services.unassign_device(device_id=device_id, **UnassignQuestion.asked(request))
        return Response(status=204)


@extend_schema_view(
    get=extend_schema(
        operation_id="listUserDevices",
        summary="The devices that are or were assigned to a user (that user or admin)",
        tags=["mappings"],
    )
)
class UserDeviceList(DevicePages, ListAPIView[Device]):
    def get_queryset(self) -> QuerySet[Device]:
        caller: Caller = self.request.user  # type: ignore[assignment]
        user_id = self.kwargs["user_id"]
        if not (caller.is_admin or caller.id == user_id):
            raise NotFound(f"There is no user {user_id}.")
        return devices_of(user_id)
