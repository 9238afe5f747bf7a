"""What this service does when an account changes."""

from forecast_service.forecasts.models import Forecast, Plan
from forecast_service.forecasts.scopes import Scope
from forecast_service.people.models import User
from forecast_service.training.models import Job, SavedModel
from service_kit.events import Envelope, UserDeleted
from service_kit.replicas import Handlers, user_handlers

_keep_copy = user_handlers(User)


def on_user_deleted(event: UserDeleted, envelope: Envelope) -> None:
    """The sum of somebody's devices goes with the person; the devices' own forecasts stay."""
    _keep_copy[UserDeleted](event, envelope)
    for model in (Forecast, Plan, Job, SavedModel):
        model._default_manager.filter(scope=str(Scope("user", (event.id,)))).delete()


HANDLERS: Handlers = {**_keep_copy, UserDeleted: on_user_deleted}
