"""`/api/plants` and `/api/tariffs`: admin writes, a client reads those of its devices."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListCreateAPIView, RetrieveUpdateDestroyAPIView
from rest_framework.serializers import BaseSerializer

from device_service.plants import services
from device_service.plants.models import Plant, Tariff
from device_service.plants.queries import plants_visible_to, tariffs_visible_to
from device_service.plants.serializers import PlantSerializer, TariffSerializer
from service_kit.auth import IsAdminOrReadOnly


@extend_schema_view(
    get=extend_schema(
        operation_id="listPlants", summary="The plants of the caller's devices (admin: all)", tags=["plants"]
    ),
    post=extend_schema(operation_id="createPlant", summary="Make a plant (admin)", tags=["plants"]),
)
class PlantList(ListCreateAPIView[Plant]):
    permission_classes = (IsAdminOrReadOnly,)
    serializer_class = PlantSerializer
    queryset = Plant.objects.all()
    search_fields = ("name",)
    ordering_fields = ("name", "created_at")
    ordering = ("name",)

    def get_queryset(self) -> QuerySet[Plant]:
        return plants_visible_to(self.request.user).prefetch_related("tariff_changes")  # type: ignore[arg-type]

    def perform_create(self, serializer: BaseSerializer[Plant]) -> None:
        serializer.instance = services.create_plant(**serializer.validated_data)


@extend_schema_view(
    get=extend_schema(operation_id="getPlant", summary="One plant", tags=["plants"]),
    put=extend_schema(operation_id="replacePlant", summary="Change a plant (admin)", tags=["plants"]),
    patch=extend_schema(operation_id="updatePlant", summary="Change parts of a plant (admin)", tags=["plants"]),
    delete=extend_schema(
        operation_id="deletePlant",
        summary="Delete a plant (admin)",
        description="409 while devices belong to it.",
        tags=["plants"],
    ),
)
class PlantDetail(RetrieveUpdateDestroyAPIView[Plant]):
    permission_classes = (IsAdminOrReadOnly,)
    serializer_class = PlantSerializer
    queryset = Plant.objects.all()
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Plant]:
        return plants_visible_to(self.request.user)  # type: ignore[arg-type]

    def perform_update(self, serializer: BaseSerializer[Plant]) -> None:
        assert serializer.instance is not None
        serializer.instance = services.update_plant(plant_id=serializer.instance.pk, **serializer.validated_data)

    def perform_destroy(self, instance: Plant) -> None:
        services.delete_plant(plant_id=instance.pk)


@extend_schema_view(
    get=extend_schema(
        operation_id="listTariffs", summary="The tariffs of the caller's plants (admin: all)", tags=["tariffs"]
    ),
    post=extend_schema(operation_id="createTariff", summary="Make a tariff (admin)", tags=["tariffs"]),
)
class TariffList(ListCreateAPIView[Tariff]):
    permission_classes = (IsAdminOrReadOnly,)
    serializer_class = TariffSerializer
    queryset = Tariff.objects.all()
    search_fields = ("name",)
    ordering_fields = ("name", "valid_from", "created_at")
    ordering = ("name",)

    def get_queryset(self) -> QuerySet[Tariff]:
        return tariffs_visible_to(self.request.user)  # type: ignore[arg-type]

    def perform_create(self, serializer: BaseSerializer[Tariff]) -> None:
        serializer.instance = services.create_tariff(**serializer.validated_data)


@extend_schema_view(
    get=extend_schema(operation_id="getTariff", summary="One tariff", tags=["tariffs"]),
    put=extend_schema(operation_id="replaceTariff", summary="Change a tariff (admin)", tags=["tariffs"]),
    patch=extend_schema(operation_id="updateTariff", summary="Change parts of a tariff (admin)", tags=["tariffs"]),
    delete=extend_schema(
        operation_id="deleteTariff",
        summary="Delete a tariff (admin)",
        description="409 while plants use it.",
        tags=["tariffs"],
    ),
)
class TariffDetail(RetrieveUpdateDestroyAPIView[Tariff]):
    permission_classes = (IsAdminOrReadOnly,)
    serializer_class = TariffSerializer
    queryset = Tariff.objects.all()
    lookup_field = "id"

    def get_queryset(self) -> QuerySet[Tariff]:
        return tariffs_visible_to(self.request.user)  # type: ignore[arg-type]

    def perform_update(self, serializer: BaseSerializer[Tariff]) -> None:
        assert serializer.instance is not None
        serializer.instance = services.update_tariff(tariff_id=serializer.instance.pk, **serializer.validated_data)

    def perform_destroy(self, instance: Tariff) -> None:
        services.delete_tariff(tariff_id=instance.pk)
