"""Named reads of what concerns a person."""

import uuid
from typing import Any

from forecast_service.forecasts.models import Forecast
from forecast_service.forecasts.scopes import Scope
from forecast_service.training.models import Job, SavedModel


def personal_data(user_id: uuid.UUID) -> dict[str, Any]:
    """What this service holds of the person, for its export: the forecasts of all its devices together (kWh by the hour
    from `history_until`), and the models it had trained.
    """
    scope = str(Scope("user", (user_id,)))
    forecasts = Forecast.objects.filter(scope=scope).order_by("kind", "history_until")
    return {
        "forecasts": forecasts.values(
            "kind", "model", "issued_at", "history_until", "kwh", "lower_80", "upper_80", "lower_95", "upper_95"
        ).iterator(chunk_size=100),
        "trainings": list(
            Job.objects.filter(created_by=user_id)
            .order_by("created_at", "id")
            .values("id", "scope", "asked", "created_at")
        ),
        "models": list(
            SavedModel.objects.filter(created_by=user_id)
            .order_by("trained_at", "id")
            .values("id", "scope", "kind", "forecaster", "trained_at")
        ),
    }
