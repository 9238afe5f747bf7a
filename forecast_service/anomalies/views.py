from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.generics import ListAPIView, RetrieveUpdateAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from forecast_service.anomalies.models import Anomaly
from forecast_service.anomalies.queries import anomalies_visible_to
from forecast_service.anomalies.serializers import AnomalyQuestion, AnomalySerializer
from forecast_service.anomalies.services import teach_normal
from forecast_service.forecasts.scopes import UnknownScope


class AnomalyList(ListAPIView[Anomaly]):
    serializer_class = AnomalySerializer
    queryset = Anomaly.objects.none()

    def get_queryset(self) -> QuerySet[Anomaly]:
        asked = AnomalyQuestion.asked(self.request)
        caller: Any = self.request.user
        try:
            return anomalies_visible_to(caller, **asked)
        except UnknownScope:
            raise Http404(f"There is no {asked['scope']} that you may see.") from None

    @extend_schema(
        operation_id="listAnomalies",
        summary="What no forecast and no past explains, with the likely fault and what to do, newest first",
        tags=["forecasts"],
        parameters=[AnomalyQuestion],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)


@extend_schema_view(
    get=extend_schema(operation_id="getAnomaly", summary="One anomaly", tags=["forecasts"]),
    patch=extend_schema(
        operation_id="teachNormal",
        summary="“This is normal”: the like of it is not told again for 90 days",
        description="The like: the same fault of the same device, up to half as large again.",
        tags=["forecasts"],
    ),
)
class AnomalyDetail(RetrieveUpdateAPIView[Anomaly]):
    serializer_class = AnomalySerializer
    queryset = Anomaly.objects.none()
    lookup_field = "id"
    http_method_names = ["get", "patch", "head", "options"]

    def get_queryset(self) -> QuerySet[Anomaly]:
        caller: Any = self.request.user
        return anomalies_visible_to(caller)

    def perform_update(self, serializer: BaseSerializer[Anomaly]) -> None:
        assert serializer.instance is not None
        anomaly = serializer.instance
        serializer.instance = teach_normal(
            anomaly=anomaly, normal=serializer.validated_data.get("normal", anomaly.normal)
        )
