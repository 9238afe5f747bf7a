from django.urls import path

from forecast_service.anomalies.views import AnomalyDetail, AnomalyList
from forecast_service.forecasts.views import ForecastView
from forecast_service.scores.views import AccuracyView
from forecast_service.totals.views import TotalsView
from forecast_service.training.views import JobDetail, JobList, ModelDetail, ModelList
from service_kit.urls import handler400, handler404, handler500, service_urls

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

urlpatterns = service_urls(
    path("api/forecasts", ForecastView.as_view(), name="forecast"),
    path("api/forecasts/accuracy", AccuracyView.as_view()),
    path("api/forecasts/anomalies", AnomalyList.as_view()),
    path("api/forecasts/anomalies/<uuid:id>", AnomalyDetail.as_view()),
    path("api/forecasts/totals", TotalsView.as_view()),
    path("api/forecasts/models", ModelList.as_view()),
    path("api/forecasts/models/<uuid:id>", ModelDetail.as_view()),
    path("api/forecasts/jobs", JobList.as_view()),
    path("api/forecasts/jobs/<uuid:id>", JobDetail.as_view()),
)
