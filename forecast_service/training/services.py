"""Every write of saved models and jobs."""

import uuid
from collections.abc import Sequence

from django.db import transaction

from forecast_service.training.models import SavedModel


def keep_choices(*, models: Sequence[SavedModel]) -> None:
    """Save what the workers have chosen."""
    SavedModel.objects.bulk_create([one for one in models if one._state.adding])
    changed = [one for one in models if not one._state.adding]
    SavedModel.objects.bulk_update(changed, ["forecaster", "reason", "errors", "history_until", "trained_at"])


@transaction.atomic
def delete_model(*, model: SavedModel) -> None:
    """Without it, the newest model that is left speaks for the scope; without any, the workers choose one.

    What it forecast goes with it: the next answer is by what is left.
    """
    from forecast_service.forecasts.services import drop_forecast

    model.delete()
    if model.is_current:
        left = SavedModel.objects.filter(scope=model.scope, kind=model.kind).order_by("-version")
        SavedModel.objects.filter(pk__in=left.values("pk")[:1]).update(is_current=True)
        drop_forecast(scope=model.scope, kind=model.kind)


@transaction.atomic
def save_model(*, model: SavedModel, by: uuid.UUID) -> SavedModel:
    """Make it the current model of its scope, with the next version."""
    same = SavedModel.objects.select_for_update().filter(scope=model.scope, kind=model.kind)
    model.version = (max((one.version for one in same), default=0)) + 1
    same.filter(is_current=True).update(is_current=False)
    model.created_by, model.is_current = by, True
    model.save(force_insert=True)
    return model
