from django.db import models

from service_kit.replicas import Replica


class IssuedForecast(Replica):
    """forecast_service's newest forecast of a scope; `points` as in its event: start, kwh, lower_80, upper_80."""

    scope = models.CharField(max_length=200, primary_key=True)
    model = models.CharField(max_length=50, default="")
    issued_at = models.DateTimeField(null=True)
    points = models.JSONField(default=list)
