"""`/api/devices` and `/api/categories`: admin writes, a client reads what is or was assigned to it."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.generics import GenericAPIView, ListAPIView, ListCreateAPIView, RetrieveUpdateDestroyAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from device_service.devices import services
from device_service.devices.filters import DeviceFilter
from device_service.devices.models import Category, Device, MeterChange
from device_service.devices.queries import devices_visible_to
from device_service.devices.serializers import (
    CategorySerializer,
    CredentialSerializer,
    DeviceSerializer,
    MeterChangeSerializer,
)
from device_service.plants.queries import plants_visible_to
from service_kit.auth import Caller, IsAdmin, IsAdminOrReadOnly


class DevicePages(GenericAPIView[Device]):
    """What every list of devices has."""

    serializer_class = DeviceSerializer
    queryset = Device.objects.all()
    filterset_class = DeviceFilter
    search_fields = ("name", "description")
    ordering_fields = ("name", "kind", "created_at", "updated_at")
    ordering = ("name",)


@extend_schema_view(
    get=extend_schema(operation_id="listDevices", summary="The devices that the caller may see", tags=["devices"]),
    post=extend_schema(operation_id="createDevice", summary="Make a device (admin)", tags=["devices"]),
)
class DeviceList(DevicePages, ListCreateAPIView[Device]):
    permission_classes = (IsAdminOrReadOnly,)

    def get_queryset(self) -> QuerySet[Device]:
        return devices_visible_to(self.request.user)  # type: ignore[arg-type]

    def perform_create(self, serializer: BaseSerializer[Device]) -> None:
        serializer.instance = services.create_device(**serializer.validated_data)


@extend_schema_view(
    get=extend_schema(operation_id="getDevice", summary="One device", tags=["devices"]),
    put=extend_schema(operation_id="replaceDevice", summary="Change a device (admin)", tags=["devices"]),
    patch=extend_schema(operation_id="updateDevice", summary="Change parts of a device (admin)", tags=["devices"]),
    delete=extend_schema(
        operation_id="deleteDevice",
        summary="Delete a device (admin)",
        description="Its assignments and credential go with it. 409 while sub-meters name it as their parent.",
        tags=["devices"],
    ),
)
class DeviceDetail(RetrieveUpdateDestroyAPIView[Device]):
    permission_classes = (IsAdminOrReadOnly,)
    serializer_class = DeviceSerializer
    queryset = Device.objects.all()
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Device]:
        return devices_visible_to(self.request.user)  # type: ignore[arg-type]

    def perform_update(self, serializer: BaseSerializer[Device]) -> None:
        assert serializer.instance is not None
        serializer.instance = services.update_device(device_id=serializer.instance.pk, **serializer.validated_data)

    def perform_destroy(self, instance: Device) -> None:
        services.delete_device(device_id=instance.pk)


@extend_schema_view(
    get=extend_schema(
        operation_id="listPlantDevices", summary="The plant's devices that the caller may see", tags=["plants"]
    )
)
class PlantDeviceList(DevicePages, ListAPIView[Device]):
    def get_queryset(self) -> QuerySet[Device]:
        plant = get_object_or_404(plants_visible_to(self.request.user), pk=self.kwargs["id"])  # type: ignore[arg-type]
        return devices_visible_to(self.request.user).filter(plant=plant)  # type: ignore[arg-type]


class DeviceCredentials(APIView):
    """The secret with which the meter itself signs in: HTTP Basic, or MQTT user name and password."""

    permission_classes = (IsAdmin,)

    @extend_schema(
        operation_id="issueDeviceCredential",
        summary="Give the meter a new secret, shown once (admin)",
        description="The meter's user name is the device id. A former secret stops to work.",
        request=None,
        responses={201: CredentialSerializer},
        tags=["devices"],
    )
    def post(self, request: Request, id: Any) -> Response:
        return Response({"secret": services.issue_credential(device_id=id)}, status=201)

    @extend_schema(
        operation_id="revokeDeviceCredential",
        summary="End the meter's secret (admin)",
        responses={204: None},
        tags=["devices"],
    )
    def delete(self, request: Request, id: Any) -> Response:
        services.revoke_credential(device_id=id)
        return Response(status=204)


@extend_schema_view(
    get=extend_schema(operation_id="listMeterChanges", summary="When the meter was replaced (admin)", tags=["devices"]),
    post=extend_schema(
        operation_id="changeMeter",
        summary="Note that a register meter was replaced (admin)",
        description="The same change again: 200. Another one for the same instant, or a meter without a register: 409.",
        responses={201: MeterChangeSerializer, 200: OpenApiResponse(MeterChangeSerializer, "It is on record already.")},
        tags=["devices"],
    ),
)
class DeviceMeterChanges(ListCreateAPIView[MeterChange]):
    permission_classes = (IsAdmin,)
    serializer_class = MeterChangeSerializer
    queryset = MeterChange.objects.all()
    ordering_fields = ("at",)
    ordering = ("-at",)

    def get_queryset(self) -> QuerySet[MeterChange]:
        return get_object_or_404(Device, pk=self.kwargs["id"]).meter_changes.all()

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        wanted = self.get_serializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        caller: Caller = request.user  # type: ignore[assignment]
        change, new = services.change_meter(device_id=kwargs["id"], noted_by=caller.id, **wanted.validated_data)
        return Response(self.get_serializer(change).data, status=201 if new else 200)


@extend_schema_view(
    get=extend_schema(operation_id="listCategories", summary="All categories", tags=["categories"]),
    post=extend_schema(operation_id="createCategory", summary="Make a category (admin)", tags=["categories"]),
)
class CategoryList(ListCreateAPIView[Category]):
    permission_classes = (IsAdminOrReadOnly,)
    serializer_class = CategorySerializer
    queryset = Category.objects.all()
    search_fields = ("name",)
    ordering_fields = ("name", "created_at")
    ordering = ("name",)

    def perform_create(self, serializer: BaseSerializer[Category]) -> None:
        serializer.instance = services.create_category(**serializer.validated_data)


@extend_schema_view(
    get=extend_schema(operation_id="getCategory", summary="One category", tags=["categories"]),
    put=extend_schema(operation_id="replaceCategory", summary="Rename a category (admin)", tags=["categories"]),
    patch=extend_schema(operation_id="updateCategory", summary="Rename a category (admin)", tags=["categories"]),
    delete=extend_schema(
        operation_id="deleteCategory",
        summary="Delete a category (admin)",
        description="409 while devices carry it.",
        tags=["categories"],
    ),
)
class CategoryDetail(RetrieveUpdateDestroyAPIView[Category]):
    permission_classes = (IsAdminOrReadOnly,)
    serializer_class = CategorySerializer
    queryset = Category.objects.all()
    lookup_field = "id"

    def perform_update(self, serializer: BaseSerializer[Category]) -> None:
        assert serializer.instance is not None
        name = serializer.validated_data.get("name", serializer.instance.name)
        serializer.instance = services.rename_category(category_id=serializer.instance.pk, name=name)

    def perform_destroy(self, instance: Category) -> None:
        services.delete_category(category_id=instance.pk)
