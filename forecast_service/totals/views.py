from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from forecast_service.forecasts.asking import conflict_when_nothing, population_asked
from forecast_service.forecasts.serializers import ReasonSerializer
from forecast_service.totals.queries import totals
from forecast_service.totals.serializers import TotalsQuestion, TotalsSerializer


class TotalsView(APIView):
    @extend_schema(
        operation_id="getForecastTotals",
        summary="The total of the running day, week or month, and of past ones against what came",
        description=(
            "Known hours count as they are; the rest comes from simulated paths, whose totals give the interval. "
            "The running period is the one that holds the first hour not known yet. "
            "Past ones are told with the temperature that came, as far ahead as it is known now."
        ),
        tags=["forecasts"],
        parameters=[TotalsQuestion],
        responses={200: TotalsSerializer, 400: ReasonSerializer, 404: ReasonSerializer, 409: ReasonSerializer},
    )
    def get(self, request: Request) -> Response:
        asked = TotalsQuestion.asked(request)
        population = population_asked(request, asked["parsed"], asked.get("kind"))
        with conflict_when_nothing():
            found = totals(population, asked["period"])
        answer = {
            **asdict(found.running),
            "scope": population.scope,
            "kind": population.kind,
            "period": asked["period"],
            "timezone": population.clock,
            "reason": found.reason,
            "accuracy": found.accuracy,
            "past": found.past,
        }
        return Response(TotalsSerializer(answer).data)
