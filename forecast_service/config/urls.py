from django.urls import path

from forecast_service.forecasts.views import ForecastView
from service_kit.urls import handler400, handler404, handler500, service_urls

__all__ = ["handler400", "handler404", "handler500", "urlpatterns"]

urlpatterns = service_urls(path("api/forecasts", ForecastView.as_view(), name="forecast"))
