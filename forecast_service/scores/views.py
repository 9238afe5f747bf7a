from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forecast_service.forecasts.asking import population_asked
from forecast_service.forecasts.serializers import ReasonSerializer, ScopeQuestion
from forecast_service.scores.queries import scorecard
from forecast_service.scores.serializers import ScorecardSerializer


class AccuracyView(APIView):
    @extend_schema(
        operation_id="getForecastAccuracy",
        summary="How the forecasts of the last 30 days did, per model and horizon",
        description="Beside “the same hour yesterday” and “the same hour last week” from the same origins.",
        tags=["forecasts"],
        parameters=[ScopeQuestion],
        responses={200: ScorecardSerializer, 400: ReasonSerializer, 404: ReasonSerializer, 409: ReasonSerializer},
    )
    def get(self, request: Request) -> Response:
        asked = ScopeQuestion.asked(request)
        population = population_asked(request, asked["parsed"], asked.get("kind"))
        return Response(ScorecardSerializer(scorecard(population)).data)
